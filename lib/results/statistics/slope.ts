import type { MemorySlope } from '../schema/measurement-result.ts';

/** Two-sided 95 % quantiles of Student's t for 1 to 10 degrees of freedom (any table of the distribution). */
const studentQuantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/** The two-sided 95 % quantile of Student's t; past the table by its expansion around the normal distribution's 1.960. */
export function studentQuantile(degreesOfFreedom: number): number {
  const tabled = studentQuantiles[degreesOfFreedom - 1];
  if (tabled !== undefined) return tabled;
  const z = 1.959964;
  const n = degreesOfFreedom;
  return z + (z ** 3 + z) / (4 * n) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * n ** 2);
}

/** With fewer points the correction of the autocorrelation would be greater than what it corrects. */
const fewestPointsToCorrect = 12;

/** So few points cannot tell how much they follow each other: they count as this many independent ones at least. */
const fewestIndependentPoints = 4;

/** The most that residuals are taken to follow the one before: beyond, a dozen samples tell next to nothing. */
const greatestAutocorrelation = 0.95;

/**
 * How much each residual follows the one before it, 0 to {@link greatestAutocorrelation}. Of residuals from a fitted line the plain
 * estimate is too low by about (2 + 4 r) / n (Kendall's bias, for a line instead of a mean), which is added back.
 */
function autocorrelationOf(residuals: readonly number[]): number {
  const n = residuals.length;
  const squares = residuals.reduce((sum, value) => sum + value ** 2, 0);
  if (squares === 0) return 0;
  const products = residuals.slice(1).reduce((sum, value, index) => sum + value * (residuals[index] ?? 0), 0);
  const plain = products / squares;
  const corrected = n < fewestPointsToCorrect ? plain : (plain * n + 2) / (n - 4);
  return Math.min(greatestAutocorrelation, Math.max(0, corrected));
}

/**
 * The least-squares line of memory over connections, points in the order in which they were sampled, with the 95 % confidence interval of
 * its slope. What a second sample adds is not independent of the first: a heap that has just grown stays grown. So the interval is widened
 * as for residuals that each follow the one before (first-order autoregression): their variance counts (1 + r) / (1 - r) times, and the
 * samples as so many fewer. Ordinary least squares would hold the truth in about half of the cases where r is 0.8. Null when fewer than three points or all at one number of connections: two points have no error.
 */
export function memorySlope(points: readonly (readonly [connections: number, bytes: number])[]): MemorySlope | null {
  const line = lineThrough(points);
  return line === null
    ? null
    : {
        bytesPerConnection: line.slope,
        lowBytesPerConnection: line.low,
        highBytesPerConnection: line.high,
        interceptBytes: line.intercept,
        samples: line.samples,
        levels: line.levels,
      };
}

/** A least-squares line with the 95 % confidence interval of its slope. */
export interface Line {
  readonly slope: number;
  readonly low: number;
  readonly high: number;
  readonly intercept: number;
  readonly samples: number;
  /** Different values of x. */
  readonly levels: number;
}

/** The least-squares line through points in the order in which they were sampled, as for {@link memorySlope}. */
export function lineThrough(points: readonly (readonly [x: number, y: number])[]): Line | null {
  const levels = new Set(points.map(([x]) => x)).size;
  const n = points.length;
  if (n < 3 || levels < 2) return null;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const squaresX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / squaresX;
  const intercept = meanY - slope * meanX;
  const residuals = points.map(([x, y]) => y - intercept - slope * x);
  const squaresLeft = residuals.reduce((sum, value) => sum + value ** 2, 0);
  const autocorrelation = autocorrelationOf(residuals);
  const widest = n < fewestPointsToCorrect ? Math.max(1, n / fewestIndependentPoints) : Number.POSITIVE_INFINITY;
  const widening = Math.min(widest, (1 + autocorrelation) / (1 - autocorrelation));
  const degreesOfFreedom = Math.max(1, Math.floor(n / widening - 2));
  const margin = studentQuantile(degreesOfFreedom) * Math.sqrt((widening * squaresLeft) / (n - 2) / squaresX);
  return {
    slope,
    low: slope - margin,
    high: slope + margin,
    intercept,
    samples: n,
    levels,
  };
}
