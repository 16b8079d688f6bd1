import { encodeHistogram } from './encode-histogram.ts';

const subBuckets = 2048;
const half = subBuckets / 2;
/** The longest time that a histogram tells from longer ones: 35 minutes. */
export const longestMicros = 2 ** 31 - 1;

/**
 * Counts of microseconds in HdrHistogram's own buckets (3 significant digits, from 1 us to 35 minutes). Recording is an
 * increment in an array, a few nanoseconds where a library takes ninety.
 */
export class Histogram {
  #counts = new Int32Array(0);
  // Of the counts: their own is a call into the runtime.
  #length = 0;
  // [index, count, …] of a histogram that is no longer dense.
  #sparse: Int32Array | null = null;
  #max = 0;

  /** The largest value recorded, exactly; 0 when there is none. */
  get max(): number {
    return this.#max;
  }

  /** Counts one value in microseconds; fractions are dropped, below 0 counts as 0, above 35 minutes as 35 minutes. */
  record(micros: number): void {
    // In 32 bits: Maglev calls the runtime for Math.trunc, Math.max and Math.clz32, and for an index that may be a fraction.
    const value = micros <= 0 ? 0 : micros >= longestMicros ? longestMicros : micros | 0;
    if (value > this.#max) this.#max = value;
    let index = value;
    if (value >= subBuckets) {
      const bucket = 21 - Math.clz32(value);
      index = (bucket * half + (value >> bucket)) | 0;
    }
    if (index >= this.#length) this.#grow(index);
    this.#counts[index]! += 1;
  }

  #grow(index: number): void {
    const sparse = this.#sparse;
    this.#sparse = null;
    const grown = new Int32Array((Math.floor(Math.max(index, sparse?.at(-2) ?? 0) / half) + 2) * half);
    grown.set(this.#counts);
    if (sparse !== null) for (let n = 0; n < sparse.length; n += 2) grown[sparse[n]!] = sparse[n + 1]!;
    this.#counts = grown;
    this.#length = grown.length;
  }

  /** Gives back the memory of empty buckets; recording goes on as before. */
  compact(): void {
    this.#sparse = Int32Array.from(this.#pairs());
    this.#counts = new Int32Array(0);
    this.#length = 0;
  }

  /** Base64 of HdrHistogram's compressed V2 encoding. */
  encode(): string {
    return encodeHistogram(this.#pairs(), longestMicros, 3);
  }

  /** [index, count, …] of the buckets that have one. */
  #pairs(): ArrayLike<number> {
    if (this.#sparse !== null) return this.#sparse;
    const pairs: number[] = [];
    for (let index = 0; index < this.#length; index += 1) {
      const count = this.#counts[index]!;
      if (count > 0) pairs.push(index, count);
    }
    return pairs;
  }
}
