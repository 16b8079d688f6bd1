import { monotonicMicros, unixMicros } from './clock.ts';
import { allocate, errno, receiveMessage } from './libc.ts';
import { slotBytes } from './receive-batch.ts';

// struct cmsghdr and a struct timespec behind it.
const controlBytes = 32;

/**
 * Reads that tell when their bytes came, by the kernel: however late a process comes to read, they are timed as if it had been there.
 * The socket must have been told to (SO_TIMESTAMPNS). The kernel's stamps are of CLOCK_REALTIME.
 */
export class StampedReads {
  readonly #memory = allocate(slotBytes);
  /** What the latest read got. */
  readonly bytes = this.#memory.bytes;
  readonly #vector = allocate(16);
  readonly #control = allocate(controlBytes);
  readonly #controlWords = new Int32Array(this.#control.bytes.buffer);
  readonly #header = allocate(56);
  readonly #headerWords = new Int32Array(this.#header.bytes.buffer);
  #aheadMicros = 0;
  /** When {@link setClocks} was called: microseconds of the monotonic clock. */
  nowMicros = 0;
  /** When the bytes of the latest read came (the last of them), or now where the kernel does not say: microseconds of the monotonic clock. */
  arrivedMicros = 0;
  /** Whether the kernel told when the bytes came that were read last. */
  isTold = false;

  constructor() {
    // struct iovec: base, length. struct msghdr: iov at 16, iovlen at 24, control at 32, controllen at 40.
    this.#vector.bytes.writeBigUInt64LE(BigInt(this.#memory.address), 0);
    this.#vector.bytes.writeBigUInt64LE(BigInt(slotBytes), 8);
    this.#header.bytes.writeBigUInt64LE(BigInt(this.#vector.address), 16);
    this.#header.bytes.writeBigUInt64LE(1n, 24);
    this.#header.bytes.writeBigUInt64LE(BigInt(this.#control.address), 32);
  }

  /** Compares the two clocks; called before a number of reads. */
  setClocks(): void {
    // In this order a process that is interrupted in between takes arrivals for later than they were, at most for now.
    const unix = unixMicros();
    this.nowMicros = monotonicMicros();
    this.#aheadMicros = unix - this.nowMicros;
  }

  /** Reads once: the bytes got, 0 at the end of the stream, or minus errno. */
  read(fd: number): number {
    this.#headerWords[10] = controlBytes;
    const got = receiveMessage(fd, this.#header.address, 0);
    this.arrivedMicros = this.nowMicros;
    if (got <= 0) return got === 0 ? 0 : -errno();
    const words = this.#controlWords;
    this.isTold = this.#headerWords[10] === controlBytes;
    if (this.isTold) {
      const micros = words[4]! * 1e6 + words[6]! / 1000 - this.#aheadMicros;
      if (micros < this.nowMicros) this.arrivedMicros = micros;
    }
    return got;
  }
}
