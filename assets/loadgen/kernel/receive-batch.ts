import { allocate, errno, receive, systemCall2, systemCall3, systemCall5, systemCallNumbers } from './libc.ts';

/** Bytes that one read of many can take; what is longer is read on by itself. */
export const slotBytes = 4096;
/** Reads in a batch. */
export const batchSize = 64;

// Below this, a call for each socket is cheaper than the two calls of a batch.
const smallestBatch = 4;
const controlBlockBytes = 64;
const eventBytes = 32;

/**
 * Reads from many sockets at once. A call into the kernel from JavaScript costs about 0.2 us more than one from C, which
 * is a quarter of what reading a small message costs; Linux's io_submit() takes a list of reads in one call, and on
 * non-blocking sockets it does them then and there. Where it is not available, each socket is read by itself.
 */
export class ReceiveBatch {
  /** All slots, one after the other: what the n-th read got begins at n * {@link slotBytes}. */
  readonly bytes: Buffer;
  /** The outcome of each read: bytes, 0 at the end of the stream, or minus errno. */
  readonly results = new Int32Array(batchSize);
  readonly #address: number;
  readonly #blocks = allocate(batchSize * controlBlockBytes);
  readonly #blockWords = new Int32Array(this.#blocks.bytes.buffer);
  readonly #pointers = allocate(batchSize * 8);
  readonly #events = allocate(batchSize * eventBytes);
  readonly #eventWords = new Int32Array(this.#events.bytes.buffer);
  readonly #context: number;
  // Kept, because the kernel writes through its address.
  readonly #memory = allocate(batchSize * slotBytes);

  constructor(options: { readonly single?: boolean } = {}) {
    this.bytes = this.#memory.bytes;
    this.#address = this.#memory.address;
    this.#context = options.single === true ? 0 : openContext();
    const blocks = new DataView(this.#blocks.bytes.buffer);
    const pointers = new BigUint64Array(this.#pointers.bytes.buffer);
    for (let slot = 0; slot < batchSize; slot += 1) {
      // struct iocb of linux/aio_abi.h: data at 0, opcode (0 is a read) at 16, descriptor at 20, buffer at 24, length at 32.
      const block = slot * controlBlockBytes;
      blocks.setBigUint64(block, BigInt(slot), true);
      blocks.setBigUint64(block + 24, BigInt(this.#address + slot * slotBytes), true);
      blocks.setBigUint64(block + 32, BigInt(slotBytes), true);
      pointers[slot] = BigInt(this.#blocks.address + block);
    }
  }

  /** Whether batches are read in one call here. */
  get batched(): boolean {
    return this.#context !== 0;
  }

  /** Reads once from each of the first `count` descriptors, at most {@link batchSize}. */
  read(descriptors: Int32Array, count: number): void {
    let done = 0;
    if (this.#context !== 0 && count >= smallestBatch) done = this.#readBatch(descriptors, count);
    for (let slot = done; slot < count; slot += 1) {
      const got = receive(descriptors[slot]!, this.#address + slot * slotBytes, slotBytes, 0);
      this.results[slot] = got >= 0 ? got : -errno();
    }
  }

  /** How many reads, from the first on, have been done. */
  #readBatch(descriptors: Int32Array, count: number): number {
    for (let slot = 0; slot < count; slot += 1) this.#blockWords[slot * 16 + 5] = descriptors[slot]!;
    const submitted = systemCall3(systemCallNumbers.ioSubmit, this.#context, count, this.#pointers.address);
    if (submitted <= 0) return 0;
    const events = systemCall5(
      systemCallNumbers.ioGetEvents,
      this.#context,
      submitted,
      submitted,
      this.#events.address,
      0,
    );
    if (events !== submitted) throw new Error(`io_getevents gave ${events} of ${submitted} reads, errno ${errno()}`);
    for (let n = 0; n < events; n += 1) {
      // struct io_event: data at 0, result at 16.
      this.results[this.#eventWords[n * 8]!] = this.#eventWords[n * 8 + 4]!;
    }
    return submitted;
  }
}

/** A kernel context for batches, or 0 where none is available (no such call, or fs.aio-max-nr is used up). */
function openContext(): number {
  const context = allocate(8);
  if (systemCall2(systemCallNumbers.ioSetup, batchSize, context.address) !== 0) return 0;
  return Number(context.bytes.readBigUInt64LE(0));
}
