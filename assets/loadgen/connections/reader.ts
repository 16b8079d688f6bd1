import { monotonicMicros } from '../kernel/clock.ts';
import { errorNumbers } from '../kernel/error-numbers.ts';
import { allocate, errno, receive } from '../kernel/libc.ts';
import { batchSize, ReceiveBatch, slotBytes } from '../kernel/receive-batch.ts';
import { StampedReads } from '../kernel/stamped-reads.ts';

const longReadBytes = 65536;
const readsWorthAClock = 4;
/**
 * What one round of {@link Reader.readOn} may take, so that orders and timed work have their turn whatever servers send: a
 * mebibyte is a few milliseconds of long messages, but half a second of empty ones.
 */
const roundBytes = 2 ** 20;
const roundMicros = 5000;

/** What is done with the outcome of a read: `got` bytes from `start` on, 0 at the end, or minus errno. False when the connection is gone. */
export type Take = (fd: number, bytes: Buffer, start: number, got: number) => boolean;

/** Reads from the sockets that an epoll wait found readable, many at once, and a bounded amount in each iteration of the loop. */
export class Reader {
  readonly #take: Take;
  readonly #batch = new ReceiveBatch();
  readonly #stamped = new StampedReads();
  readonly #long = allocate(longReadBytes);
  readonly #ready = new Int32Array(batchSize);
  readonly #hungUp = new Uint8Array(batchSize);
  // Sockets that may have more to be read, of which no event will tell: in the order in which they take turns.
  readonly #unread = new Set<number>();
  #count = 0;
  /** When the bytes at hand were read, or came: microseconds of the monotonic clock. */
  now = monotonicMicros();
  /** Whether to ask the kernel when bytes came, which costs a call for each socket. */
  asksArrivals = false;

  constructor(take: Take) {
    this.#take = take;
  }

  /** Whether there is more to be read, without waiting for an event. */
  get hasUnread(): boolean {
    return this.#unread.size > 0;
  }

  /** Whether the kernel answered that for the bytes that were read last. */
  get isToldArrivals(): boolean {
    return this.asksArrivals && this.#stamped.isTold;
  }

  /** Drops a connection that is gone. */
  forget(fd: number): void {
    this.#unread.delete(fd);
  }

  /** Notes a socket to be read from, and whether its peer has closed it; reads when there are enough. */
  add(fd: number, hungUp: boolean): void {
    this.#ready[this.#count] = fd;
    this.#hungUp[this.#count] = hungUp ? 1 : 0;
    this.#count += 1;
    if (this.#count === batchSize) this.flush();
  }

  /** Reads once from all that were noted. */
  flush(): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    if (this.asksArrivals) this.#readStamped(count);
    else this.#readBatch(count);
  }

  #readBatch(count: number): void {
    const { bytes, results } = this.#batch;
    this.#batch.read(this.#ready, count);
    // A few reads take less time than the clock's own value.
    if (count >= readsWorthAClock) this.now = monotonicMicros();
    for (let n = 0; n < count; n += 1) {
      const got = results[n]!;
      this.#goOn(n, got, this.#take(this.#ready[n]!, bytes, n * slotBytes, got));
    }
  }

  #readStamped(count: number): void {
    const stamped = this.#stamped;
    stamped.setClocks();
    for (let n = 0; n < count; n += 1) {
      const got = stamped.read(this.#ready[n]!);
      this.now = stamped.arrivedMicros;
      // An end that is found right behind bytes counts as come with them: the kernel has no stamp for it.
      this.#goOn(n, got, this.#take(this.#ready[n]!, stamped.bytes, 0, got));
    }
    this.now = stamped.nowMicros;
  }

  /** Edge-triggered: a full read may have left bytes behind; a peer that closed has an end to be read, mostly right behind its last bytes. */
  #goOn(n: number, got: number, isThere: boolean): void {
    const fd = this.#ready[n]!;
    const mayEnd = isThere && this.#hungUp[n] === 1;
    const stays = mayEnd && got > 0 && got < slotBytes ? this.#readOnce(fd) : isThere;
    if (stays && (got === slotBytes || mayEnd)) this.#unread.add(fd);
  }

  /** Reads as much as once more in a batch would; false when the connection is gone. */
  #readOnce(fd: number): boolean {
    const got = receive(fd, this.#long.address, slotBytes, 0);
    return this.#take(fd, this.#long.bytes, 0, got < 0 ? -errno() : got);
  }

  /** Reads on where there may be more, one socket after the other, until a round is full; the others are first in the next. */
  readOn(): void {
    if (this.#unread.size === 0) return;
    this.now = monotonicMicros();
    const until = this.now + roundMicros;
    let left = roundBytes;
    for (const fd of this.#unread) {
      this.#unread.delete(fd);
      const got = receive(fd, this.#long.address, longReadBytes, 0);
      // What was added at the end is visited again in this same loop.
      if (got > 0) this.#stamped.isTold = false;
      if (got >= 0) {
        if (this.#take(fd, this.#long.bytes, 0, got)) this.#unread.add(fd);
      } else {
        const error = errno();
        if (error === errorNumbers.EINTR) this.#unread.add(fd);
        else if (error !== errorNumbers.EAGAIN) this.#take(fd, this.#long.bytes, 0, -error);
      }
      left -= Math.max(got, 0);
      if (left <= 0) return;
      this.now = monotonicMicros();
      if (this.now > until) return;
    }
  }
}
