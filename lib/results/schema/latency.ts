import * as v from 'valibot';
import { amount, count, text } from './fields.ts';

/** A latency distribution, taken whole from merged HdrHistograms. */
export const latencySchema = v.object({
  count: count('Values recorded.'),
  minMicros: amount('Smallest value, microseconds.'),
  meanMicros: amount('Mean, microseconds.'),
  p50Micros: amount('Median, microseconds.'),
  p90Micros: amount('90th percentile, microseconds.'),
  p99Micros: amount('99th percentile, microseconds.'),
  p999Micros: amount('99.9th percentile, microseconds.'),
  maxMicros: amount('Greatest value, microseconds (to 3 significant digits, as all values).'),
  histogram: text(
    'The whole distribution: base64 of the HdrHistogram V2 compressed encoding, microseconds; can be merged.',
  ),
});

/** A latency distribution, taken whole from merged HdrHistograms. */
export type Latency = v.InferOutput<typeof latencySchema>;
