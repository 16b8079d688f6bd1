import { writable, type Epoll } from '../kernel/epoll.ts';
import { errorNumbers } from '../kernel/error-numbers.ts';
import { allocate, errno, send, type Memory } from '../kernel/libc.ts';

const pieceBytes = 65536;
/** MSG_NOSIGNAL: a peer that is gone is an error number, not a SIGPIPE. */
export const noSignal = 0x4000;

/** Sends bytes, and keeps what the kernel does not take at once until it does. */
export class SendQueue {
  readonly #epoll: Epoll;
  readonly #watched: number;
  readonly #unsent = new Map<number, Buffer>();
  readonly #piece = allocate(pieceBytes);

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

  /** Sends the first `length` bytes; false when the kernel refuses (errno says why). */
  write(fd: number, { bytes, address }: Memory, length: number): boolean {
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
    const piece = waiting.subarray(0, pieceBytes);
    this.#piece.bytes.set(piece, 0);
    const sent = send(fd, this.#piece.address, piece.length, noSignal);
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
