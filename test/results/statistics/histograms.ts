import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

/** A histogram as the load generator makes it: microseconds up to an hour, three significant digits. */
export function emptyHistogram(): Histogram {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: 3 });
}

/** The text of a histogram of these values, microseconds. */
export function encoded(values: readonly number[]): string {
  const histogram = emptyHistogram();
  for (const value of values) histogram.recordValue(Math.max(0, Math.round(value)));
  return encodeIntoCompressedBase64(histogram);
}

/** The histogram of a text. */
export function decoded(text: string): Histogram {
  return decodeFromCompressedBase64(text, 64);
}
