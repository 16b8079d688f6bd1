import { monotonicMicros } from '../kernel/clock.ts';
import { errorNumbers } from '../kernel/error-numbers.ts';
import { allocate, errno, receive } from '../kernel/libc.ts';
import { batchSize, ReceiveBatch, slotBytes } from '../kernel/receive-batch.ts';

const longReadBytes = 65536;
const readsWorthAClock = 4;

/** What is done with the outcome of a read: `got` bytes from `start` on, 0 at the end, or minus errno. False when the connection is gone. */
export type Take = (fd: number, bytes: Buffer, start: number, got: number) => boolean;

/** Reads from the sockets that an epoll wait found readable, many at once. */
export class Reader {
  readonly #take: Take;
  readonly #batch = new ReceiveBatch();
  readonly #long = allocate(longReadBytes);
  readonly #ready = new Int32Array(batchSize);
  readonly #hungUp = new Uint8Array(batchSize);
  #count = 0;
  /** When the bytes at hand were read: microseconds of the monotonic clock. */
  now = monotonicMicros();

  constructor(take: Take) {
    this.#take = take;
  }

  /** Notes a socket to be read from, and whether its peer has closed it; reads when there are enough. */
  add(fd: number, hungUp: boolean): void {
    this.#ready[this.#count] = fd;
    this.#hungUp[this.#count] = hungUp ? 1 : 0;
    this.#count += 1;
    if (this.#count === batchSize) this.flush();
  }

  /** Reads from all that were noted. */
  flush(): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    const { bytes, results } = this.#batch;
    this.#batch.read(this.#ready, count);
    // A few reads take less time than the clock's own value.
    if (count >= readsWorthAClock) this.now = monotonicMicros();
    for (let n = 0; n < count; n += 1) {
      const fd = this.#ready[n]!;
      const got = results[n]!;
      const stays = this.#take(fd, bytes, n * slotBytes, got);
      // Edge-triggered: a full read may have left bytes behind, a peer that closed has an end to be read.
      if (stays && (got === slotBytes || this.#hungUp[n] === 1)) this.#readRest(fd);
    }
  }

  #readRest(fd: number): void {
    for (;;) {
      const got = receive(fd, this.#long.address, longReadBytes, 0);
      if (got < 0) {
        const error = errno();
        if (error !== errorNumbers.EAGAIN) this.#take(fd, this.#long.bytes, 0, -error);
        return;
      }
      if (!this.#take(fd, this.#long.bytes, 0, got)) return;
    }
  }
}
