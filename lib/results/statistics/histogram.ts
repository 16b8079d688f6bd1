import { decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { Latency } from '../schema/latency.ts';

/** Merged histograms, and how many of the texts could not be decoded. */
export interface MergedHistogram {
  /** Null when no text held a value. */
  readonly latency: Latency | null;
  readonly undecodable: number;
}

/**
 * Adds whole histograms (base64 of HdrHistogram V2, compressed) and describes the sum. Percentiles are taken from the sum and
 * never averaged. An empty text is an empty histogram; one that cannot be decoded is counted and left out.
 */
export function mergeHistograms(encoded: readonly string[]): MergedHistogram {
  let sum: Histogram | null = null;
  let undecodable = 0;
  for (const text of encoded) {
    if (text === '') continue;
    let next: Histogram;
    try {
      // Counts of 64 bits: those of many processes may pass 32 bits once added.
      next = decodeFromCompressedBase64(text, 64);
    } catch {
      undecodable += 1;
      continue;
    }
    if (next.totalCount === 0) continue;
    if (sum === null) {
      sum = next;
      sum.autoResize = true;
    } else {
      add(sum, next);
    }
  }
  return { latency: sum === null ? null : describe(sum), undecodable };
}

function describe(histogram: Histogram): Latency {
  return {
    count: histogram.totalCount,
    minMicros: histogram.getValueAtPercentile(0),
    meanMicros: Math.round(histogram.mean * 10) / 10,
    p50Micros: histogram.getValueAtPercentile(50),
    p90Micros: histogram.getValueAtPercentile(90),
    p99Micros: histogram.getValueAtPercentile(99),
    p999Micros: histogram.getValueAtPercentile(99.9),
    maxMicros: histogram.maxValue,
    histogram: encodeIntoCompressedBase64(histogram),
  };
}

/** A point of a percentile curve: this share of all values, in percent, is at most this value. */
export type PercentilePoint = readonly [percentile: number, micros: number];

/**
 * The curve of an encoded histogram over percentiles, denser the nearer to 100 (`ticksPerHalfDistance` points for each halving
 * of the rest), up to the last value: the last point is at 100. Empty for an empty histogram.
 */
export function percentileCurve(encoded: string, ticksPerHalfDistance = 5): readonly PercentilePoint[] {
  const histogram = decodeFromCompressedBase64(encoded, 64);
  if (histogram.totalCount === 0) return [];
  const points: PercentilePoint[] = [[0, histogram.getValueAtPercentile(0)]];
  for (let tick = 1; ; tick += 1) {
    const rest = 100 * 0.5 ** (tick / ticksPerHalfDistance);
    // Past one value in all there is nothing left to tell apart.
    if ((rest / 100) * histogram.totalCount < 1) break;
    points.push([100 - rest, histogram.getValueAtPercentile(100 - rest)]);
  }
  return [...points, [100, histogram.maxValue]];
}

/** The value that so many percent of an encoded histogram's values are not above, microseconds; null for an empty histogram. */
export function percentileOfEncoded(encoded: string, percent: number): number | null {
  const histogram = decodeFromCompressedBase64(encoded, 64);
  return histogram.totalCount === 0 ? null : histogram.getValueAtPercentile(percent);
}

function add(sum: Histogram, next: Histogram): void {
  // The package's interface leaves `add` to its classes, and both sides are of the same class here.
  const adding = sum as Histogram & { add(other: Histogram): void };
  adding.add(next);
}
