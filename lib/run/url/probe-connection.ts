import { connect, isIP, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import type { ServerUrl } from '../../../assets/loadgen/commands/server-url.ts';
import { encodeFrame } from '../../../assets/loadgen/websocket/frame-encoder.ts';
import { FrameParser, type FrameSink } from '../../../assets/loadgen/websocket/frame-parser.ts';
import { ResponseChecker, upgradeRequest } from '../../../assets/loadgen/websocket/handshake.ts';
import { makeKeys } from '../../../assets/loadgen/websocket/keys.ts';
import { closing, pong, text } from '../../../assets/loadgen/websocket/opcodes.ts';

/** Longer messages are none that are waited for, and not kept. */
const longestText = 256;
/** 1000: the purpose is fulfilled (RFC 6455, section 7.4.1). */
const goodbye = Buffer.of(0x03, 0xe8);

/** One WebSocket connection that keeps nothing of what it is sent but the message at hand. */
export class ProbeConnection implements FrameSink {
  readonly #server: ServerUrl;
  readonly #path: string;
  #socket: Socket | null = null;
  readonly #parser = new FrameParser();
  readonly #listeners = new Set<(message: string) => void>();
  readonly #piece = Buffer.alloc(longestText);
  #pieceBytes = 0;

  constructor(server: ServerUrl, path: string) {
    this.#server = server;
    this.#path = path;
  }

  /** Null once the connection is open, else why it cannot be opened. */
  async open(deadlineMillis: number): Promise<string | null> {
    const { address, port, hostName, isSecure } = this.#server;
    const socket = isSecure
      ? connectSecurely({ port, host: address, ...(isIP(hostName) === 0 ? { servername: hostName } : {}) })
      : connect(port, address);
    this.#socket = socket;
    const ended = new Promise<string>((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.on('close', () => resolve('the server ended it'));
    });
    const late = new AbortController();
    const timeout = pause(deadlineMillis, `no answer within ${deadlineMillis / 1000} s`, { signal: late.signal }).catch(
      () => null,
    );
    const why = await Promise.race([this.#upgrade(socket, `${hostName}:${port}`), ended, timeout]);
    late.abort();
    if (why !== null) socket.destroy();
    return why;
  }

  async #upgrade(socket: Socket, host: string): Promise<string | null> {
    const [{ key, accept }] = makeKeys() as [{ key: string; accept: string }];
    const request = upgradeRequest(host, this.#path);
    socket.write(
      request.text.slice(0, request.keyOffset) + key + request.text.slice(request.keyOffset + key.length),
      'latin1',
    );
    const checker = new ResponseChecker();
    let response = Buffer.alloc(0);
    return new Promise((resolve) => {
      const take = (data: Buffer): void => {
        response = Buffer.concat([response, data]);
        const check = checker.check(response, 0, response.length, Buffer.from(accept));
        if (check === 'partial') return;
        socket.off('data', take);
        if (typeof check !== 'number') {
          resolve(check.reason);
          return;
        }
        socket.on('data', (more) => this.#take(more));
        this.#take(response.subarray(check));
        resolve(null);
      };
      socket.on('data', take);
    });
  }

  #take(data: Buffer): void {
    if (this.#parser.push(data, 0, data.length, this) !== null) this.end();
  }

  /** Whether a text that fits comes within the deadline. */
  async hears(fits: (message: string) => boolean, deadlineMillis: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (heard: boolean): void => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
        this.#socket?.off('close', gone);
        resolve(heard);
      };
      const listener = (message: string): void => {
        if (fits(message)) end(true);
      };
      const gone = (): void => end(false);
      const timer = setTimeout(gone, deadlineMillis);
      this.#listeners.add(listener);
      this.#socket?.on('close', gone);
    });
  }

  send(message: string): void {
    this.#write(encodeFrame(text, Buffer.from(message)));
  }

  /** Sends unless the server does not read: then nothing is left waiting. */
  #write(frame: Buffer): void {
    if (this.#socket?.writable === true && this.#socket.writableLength === 0) this.#socket.write(frame);
  }

  /** Says goodbye and ends the connection, whatever the server does. */
  end(): void {
    const socket = this.#socket;
    if (socket === null) return;
    if (socket.writableLength > 0 || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.write(encodeFrame(closing, goodbye));
    socket.destroySoon();
  }

  message(_opcode: number, bytes: Uint8Array, start: number, end: number): void {
    const message = Buffer.from(bytes.subarray(start, end)).toString();
    for (const listener of this.#listeners) listener(message);
  }

  messageStart(): void {
    this.#pieceBytes = 0;
  }

  messageData(bytes: Uint8Array, start: number, end: number): void {
    if (this.#pieceBytes + end - start <= longestText) this.#piece.set(bytes.subarray(start, end), this.#pieceBytes);
    this.#pieceBytes += end - start;
  }

  messageEnd(): void {
    if (this.#pieceBytes <= longestText) this.message(text, this.#piece, 0, this.#pieceBytes);
  }

  ping(bytes: Uint8Array, start: number, end: number): void {
    this.#write(encodeFrame(pong, Buffer.from(bytes.subarray(start, end))));
  }

  pong(): void {
    // Nobody asked.
  }

  close(): void {
    this.end();
  }
}
