import { writable, type Epoll } from '../../kernel/epoll.ts';
import { errorNumbers } from '../../kernel/error-numbers.ts';
import { KeptBytes } from '../../kernel/kept-bytes.ts';
import { allocate, errno, send, type Memory } from '../../kernel/libc.ts';
import { causeOf } from '../../measure/failure-causes.ts';
import type { FailureCause } from '../../raw.ts';

const pieceBytes = 65536;
/** MSG_NOSIGNAL: a peer that is gone is an error number, not a SIGPIPE. */
export const noSignal = 0x4000;

/** Sends bytes, and keeps what the kernel does not take at once until it does, within bounds. */
export class SendQueue {
  readonly #epoll: Epoll;
  readonly #watched: number;
  readonly #unsent = new KeptBytes();
  readonly #piece = allocate(pieceBytes);
  /** Why the last call failed that did. */
  failure: FailureCause = 'other';

  /** `watched` are the event bits of a connection with nothing unsent. */
  constructor(epoll: Epoll, watched: number) {
    this.#epoll = epoll;
    this.#watched = watched;
  }

  /** Whether any connection has unsent bytes. */
  get waiting(): boolean {
    return this.#unsent.connections > 0;
  }

  /** Whether a connection has unsent bytes. */
  has(fd: number): boolean {
    return this.#unsent.has(fd);
  }

  /** Whether so many bytes more could be kept for a connection, should the kernel take none of them. */
  hasRoom(fd: number, bytes: number): boolean {
    return this.#unsent.hasRoom(fd, bytes);
  }

  /** Drops what a connection that is gone had unsent. */
  forget(fd: number): void {
    this.#unsent.forget(fd);
  }

  /** Sends the first `length` bytes; false when the kernel refuses or too much waits already ({@link failure} says which). */
  write(fd: number, { bytes, address }: Memory, length: number): boolean {
    if (this.#unsent.has(fd)) return this.#keep(fd, bytes.subarray(0, length));
    const sent = send(fd, address, length, noSignal);
    if (sent === length) return true;
    if (sent < 0 && errno() !== errorNumbers.EAGAIN) return this.#refused();
    this.#epoll.modify(fd, this.#watched | writable);
    return this.#keep(fd, bytes.subarray(Math.max(sent, 0), length));
  }

  #keep(fd: number, bytes: Uint8Array): boolean {
    if (this.#unsent.append(fd, bytes)) return true;
    this.failure = 'sendQueueFull';
    return false;
  }

  #refused(): boolean {
    this.failure = causeOf(errno());
    return false;
  }

  /** Resumes sending what a connection has unsent, now that the kernel takes more; false as above. */
  sendRest(fd: number): boolean {
    while (this.#unsent.has(fd)) {
      const piece = this.#unsent.first(fd, pieceBytes);
      this.#piece.bytes.set(piece, 0);
      const sent = send(fd, this.#piece.address, piece.length, noSignal);
      if (sent < 0) return errno() === errorNumbers.EAGAIN || this.#refused();
      this.#unsent.drop(fd, sent);
      if (sent < piece.length) return true;
      if (!this.#unsent.has(fd)) this.#epoll.modify(fd, this.#watched);
    }
    return true;
  }
}
