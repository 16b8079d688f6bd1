import { writable, type Epoll } from '../kernel/epoll.ts';
import { errorNumbers } from '../kernel/error-numbers.ts';
import { allocate, errno, send } from '../kernel/libc.ts';
import { encodeInPlace, headerBytes } from '../websocket/frame-encoder.ts';
import { closing, pong, text } from '../websocket/opcodes.ts';

const bufferBytes = 4096;
/** MSG_NOSIGNAL: a peer that is gone is an error number, not a SIGPIPE. */
export const noSignal = 0x4000;

/** Sends frames, and keeps what the kernel does not take at once until it does. */
export class Outbox {
  readonly #epoll: Epoll;
  readonly #watched: number;
  readonly #buffer = allocate(bufferBytes);
  readonly #unsent = new Map<number, Buffer>();

  /** `watched` are the event bits of a connection with nothing unsent. */
  constructor(epoll: Epoll, watched: number) {
    this.#epoll = epoll;
    this.#watched = watched;
  }

  /** Whether any connection has unsent bytes. */
  get waiting(): boolean {
    return this.#unsent.size > 0;
  }

  /** Drops what a connection that is gone had unsent. */
  forget(fd: number): void {
    this.#unsent.delete(fd);
  }

  /** Sends a text message of at most 4 000 bytes (ASCII); false when the kernel refuses (errno says why), as below. */
  sendText(fd: number, message: string): boolean {
    this.#buffer.bytes.write(message, headerBytes(message.length), 'latin1');
    return this.#send(fd, text, message.length);
  }

  /** Answers a ping with its own payload, 125 bytes at most. */
  sendPong(fd: number, bytes: Uint8Array, start: number, end: number): boolean {
    this.#buffer.bytes.set(bytes.subarray(start, end), headerBytes(end - start));
    return this.#send(fd, pong, end - start);
  }

  /** Sends a close frame without a reason. */
  sendClose(fd: number, code: number): boolean {
    this.#buffer.bytes.writeUInt16BE(code, headerBytes(2));
    return this.#send(fd, closing, 2);
  }

  /** Sends a frame whose payload lies in the buffer already. */
  #send(fd: number, opcode: number, payloadBytes: number): boolean {
    const { bytes, address } = this.#buffer;
    const length = encodeInPlace(bytes, 0, opcode, payloadBytes);
    const waiting = this.#unsent.get(fd);
    if (waiting !== undefined) {
      this.#unsent.set(fd, Buffer.concat([waiting, bytes.subarray(0, length)]));
      return true;
    }
    const sent = send(fd, address, length, noSignal);
    if (sent === length) return true;
    if (sent < 0 && errno() !== errorNumbers.EAGAIN) return false;
    this.#unsent.set(fd, Buffer.from(bytes.subarray(Math.max(sent, 0), length)));
    this.#epoll.modify(fd, this.#watched | writable);
    return true;
  }

  /** Goes on with what a connection has unsent, now that the kernel takes more. */
  sendRest(fd: number): boolean {
    const waiting = this.#unsent.get(fd);
    if (waiting === undefined) return true;
    const piece = waiting.subarray(0, bufferBytes);
    this.#buffer.bytes.set(piece, 0);
    const sent = send(fd, this.#buffer.address, piece.length, noSignal);
    if (sent < 0) return errno() === errorNumbers.EAGAIN;
    if (sent < waiting.length) {
      this.#unsent.set(fd, waiting.subarray(sent));
      return sent === piece.length ? this.sendRest(fd) : true;
    }
    this.#unsent.delete(fd);
    this.#epoll.modify(fd, this.#watched);
    return true;
  }
}
