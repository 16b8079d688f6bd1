import { monotonicMicros } from '../kernel/clock.ts';
import { allocate, type Memory } from '../kernel/libc.ts';
import { CompressionCounts, type CompressionRaw } from './deflate-sums.ts';
import { outcomes, ZlibStream } from './zlib.ts';

const firstRoom = 4096;
/** The end of what zlib flushes, which is not sent: RFC 7692, section 7.2.1. */
const tailBytes = 4;
/** Data that cannot be compressed becomes longer than it was, by less than this. */
const roomFor = (bytes: number): number => bytes + (bytes >>> 4) + 64;

/** Deflates messages, each by itself, with one stream; the same one again is not deflated anew. */
export class Deflater {
  readonly #stream = new ZlibStream('deflate');
  #output: Memory = allocate(firstRoom);
  #length = 0;
  // The message that the output stands for.
  #last = Buffer.alloc(0);
  #lastLength = -1;
  readonly #counts = new CompressionCounts();

  /** What a message of `length` bytes, which lies `at` bytes into a memory, is compressed; valid until the next call. */
  deflate({ bytes, address }: Memory, at: number, length: number): Uint8Array {
    const isSame = length === this.#lastLength && this.#last.compare(bytes, at, at + length, 0, length) === 0;
    if (!isSame) {
      const began = monotonicMicros();
      this.#compress(address + at, length);
      this.#counts.took(monotonicMicros() - began);
      if (this.#last.length < length) this.#last = Buffer.alloc(length);
      bytes.copy(this.#last, 0, at, at + length);
      this.#lastLength = length;
    }
    this.#counts.add(this.#length, length);
    return this.#output.bytes.subarray(0, this.#length);
  }

  #compress(address: number, length: number): void {
    const room = roomFor(length);
    if (this.#output.bytes.length < room) this.#output = allocate(room);
    const stream = this.#stream;
    stream.reset();
    stream.setInput(address, length);
    stream.setOutput(this.#output.address, this.#output.bytes.length);
    const outcome = stream.step();
    if (outcome !== outcomes.ok || stream.inputLeft > 0 || stream.roomLeft === 0) {
      throw new Error(`zlib could not deflate ${length} bytes: ${outcome}`);
    }
    this.#length = this.#output.bytes.length - stream.roomLeft - tailBytes;
  }

  raw(): CompressionRaw {
    return this.#counts.raw();
  }
}
