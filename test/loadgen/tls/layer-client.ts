import type { TestContext } from 'node:test';
import { errorNumbers } from '../../../assets/loadgen/kernel/error-numbers.ts';
import { allocate, close, connect, errno, receive, send } from '../../../assets/loadgen/kernel/libc.ts';
import { socketAddress, tcpSocket } from '../../../assets/loadgen/kernel/tcp.ts';
import type { FailureCause } from '../../../assets/loadgen/raw.ts';
import { SecureLayer } from '../../../assets/loadgen/tls/secure-layer.ts';
import type { TlsOptions } from '../../../assets/loadgen/tls/tls-options.ts';
import { authority } from './certificates.ts';

const descriptors = 4096;
const { EAGAIN, EINPROGRESS } = errorNumbers;

/** Connections of the layer alone, with no WebSocket above it: what was received, and how each ended. */
export class LayerClient {
  readonly layer: SecureLayer;
  readonly #received = new Map<number, Buffer[]>();
  readonly #ended = new Map<number, FailureCause>();
  readonly #secured = new Set<number>();
  readonly #buffer = allocate(65536);
  /** At most so many bytes are read at once. */
  readonly #readBytes: number;

  constructor(context: TestContext, options: Partial<TlsOptions> = {}, readBytes = 65536) {
    this.#readBytes = readBytes;
    const all = { serverName: 'server.test', trusted: authority.certificate, resume: false, ...options };
    this.layer = new SecureLayer(all, descriptors, {
      data: (fd, bytes, start, end) => {
        this.#received.get(fd)!.push(Buffer.from(bytes.subarray(start, end)));
        return true;
      },
      send: (fd, sealed, length) => {
        send(fd, sealed.address, length, 0x4000);
      },
    });
    context.after(() => {
      for (const fd of this.#received.keys()) this.end(fd);
    });
  }

  /** Connects to a port of this host. */
  connect(port: number): number {
    const to = socketAddress('127.0.0.1', port);
    const fd = tcpSocket(to);
    if (connect(fd, to.address, to.bytes.length) < 0 && errno() !== EINPROGRESS) {
      throw new Error(`connect failed with errno ${errno()}`);
    }
    this.#received.set(fd, []);
    this.#ended.delete(fd);
    this.#secured.delete(fd);
    return fd;
  }

  end(fd: number): void {
    this.layer.forget(fd);
    this.#received.delete(fd);
    close(fd);
  }

  isSecured(fd: number): boolean {
    this.pump(fd);
    return this.#secured.has(fd);
  }

  /** Why a connection ended; null while it has not. */
  cause(fd: number): FailureCause | null {
    this.pump(fd);
    return this.#ended.get(fd) ?? null;
  }

  received(fd: number): Buffer {
    this.pump(fd);
    return Buffer.concat(this.#received.get(fd) ?? []);
  }

  /** How many times content has arrived. */
  pieces(fd: number): number {
    return this.#received.get(fd)?.length ?? 0;
  }

  send(fd: number, content: Buffer): void {
    for (let at = 0; at < content.length; at += this.layer.longestContent) {
      const end = Math.min(content.length, at + this.layer.longestContent);
      const length = this.layer.seal(fd, content, at, end);
      if (send(fd, this.layer.sealed.address, length, 0x4000) !== length) throw new Error('the socket is full');
    }
  }

  /** Says that no more is sent. */
  sendEnd(fd: number): void {
    send(fd, this.layer.sealed.address, this.layer.sealEnd(fd), 0x4000);
  }

  /** Does what can be done now. */
  pump(fd: number): void {
    if (this.#ended.has(fd) || !this.#received.has(fd)) return;
    if (!this.#secured.has(fd)) {
      const state = this.layer.advance(fd);
      if (state === 'failed') this.#ended.set(fd, this.layer.failure);
      if (state !== 'done') return;
      this.#secured.add(fd);
      this.#note(fd, this.layer.takeRest(fd));
    }
    while (!this.#ended.has(fd)) {
      const got = receive(fd, this.#buffer.address, this.#readBytes, 0);
      if (got < 0 && errno() === EAGAIN) return;
      this.#note(fd, got <= 0 ? 'closedByServer' : this.layer.take(fd, this.#buffer.bytes, 0, got));
    }
  }

  #note(fd: number, cause: FailureCause | null): void {
    if (cause !== null) this.#ended.set(fd, cause);
  }
}
