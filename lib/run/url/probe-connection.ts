import { connect, isIP, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import { bareHost, type ServerUrl } from '../../../assets/loadgen/commands/server-url.ts';
import { encodeFrame } from '../../../assets/loadgen/websocket/frame-encoder.ts';
import { FrameParser, type FrameSink } from '../../../assets/loadgen/websocket/frame-parser.ts';
import { ResponseChecker, upgradeRequest } from '../../../assets/loadgen/websocket/handshake.ts';
import { makeKeys } from '../../../assets/loadgen/websocket/keys.ts';
import { closing, pong, text } from '../../../assets/loadgen/websocket/opcodes.ts';

/** Longer messages are none that are waited for, and not kept. */
const longestText = 256;
const readBytes = 65536;
/** 1000: the purpose is fulfilled (RFC 6455, section 7.4.1). */
const goodbye = Buffer.of(0x03, 0xe8);

/** One WebSocket connection that keeps nothing of what it is sent but the message at hand. */
export class ProbeConnection implements FrameSink {
  readonly #server: ServerUrl;
  readonly #path: string;
  #socket: Socket | null = null;
  readonly #parser = new FrameParser();
  readonly #key = makeKeys()[0]!;
  // What has come of the answer to the upgrade; null once it is whole.
  #response: Uint8Array | null = Buffer.alloc(0);
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
    let opened: (why: string | null) => void = () => undefined;
    const upgraded = new Promise<string | null>((resolve) => (opened = resolve));
    const options = {
      port,
      host: address,
      // One buffer for all that is read: what a server floods us with is no garbage either.
      onread: {
        buffer: Buffer.alloc(readBytes),
        callback: (count: number, bytes: Uint8Array): boolean => {
          this.#take(bytes, count, opened);
          return true;
        },
      },
    };
    const socket = isSecure
      ? connectSecurely({ ...options, ...(isIP(bareHost(hostName)) === 0 ? { servername: hostName } : {}) })
      : connect(options);
    this.#socket = socket;
    const ended = new Promise<string>((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.on('close', () => resolve('the server ended it'));
    });
    this.#request(`${hostName}:${port}`);
    const late = new AbortController();
    const timeout = pause(deadlineMillis, `no answer within ${deadlineMillis / 1000} s`, { signal: late.signal }).catch(
      () => null,
    );
    const why = await Promise.race([upgraded, ended, timeout]);
    late.abort();
    if (why !== null) socket.destroy();
    return why;
  }

  #request(host: string): void {
    const { text: request, keyOffset } = upgradeRequest(host, this.#path);
    const { key } = this.#key;
    this.#socket?.write(request.slice(0, keyOffset) + key + request.slice(keyOffset + key.length), 'latin1');
  }

  #take(bytes: Uint8Array, count: number, opened: (why: string | null) => void): void {
    let start = 0;
    let data = bytes;
    let end = count;
    if (this.#response !== null) {
      data = Buffer.concat([this.#response, bytes.subarray(0, count)]);
      end = data.length;
      const check = new ResponseChecker().check(data, 0, end, Buffer.from(this.#key.accept));
      if (typeof check !== 'number') {
        this.#response = data;
        if (check !== 'partial') opened(check.reason);
        return;
      }
      this.#response = null;
      start = check;
      opened(null);
    }
    if (this.#parser.push(data, start, end, this) !== null) this.end();
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
    this.#write(text, Buffer.from(message));
  }

  /** Sends unless the server does not read: then nothing is left waiting. */
  #write(opcode: number, payload: Uint8Array): void {
    if (this.#socket?.writable === true && this.#socket.writableLength === 0) {
      this.#socket.write(encodeFrame(opcode, payload));
    }
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
    this.#write(pong, bytes.subarray(start, end));
  }

  pong(): void {
    // Nobody asked.
  }

  close(): void {
    this.end();
  }
}
