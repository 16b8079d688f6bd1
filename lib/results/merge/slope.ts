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

/**
 * The least-squares line of memory over connections with the 95 % confidence interval of its slope (ordinary, residuals taken as
 * independent). Null when fewer than three points or all at one number of connections: two points have no error.
 */
export function memorySlope(points: readonly (readonly [connections: number, bytes: number])[]): MemorySlope | null {
  const levels = new Set(points.map(([connections]) => connections)).size;
  const n = points.length;
  if (n < 3 || levels < 2) return null;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const squaresX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / squaresX;
  const intercept = meanY - slope * meanX;
  const squaresLeft = points.reduce((sum, [x, y]) => sum + (y - intercept - slope * x) ** 2, 0);
  const margin = studentQuantile(n - 2) * Math.sqrt(squaresLeft / (n - 2) / squaresX);
  return {
    bytesPerConnection: slope,
    lowBytesPerConnection: slope - margin,
    highBytesPerConnection: slope + margin,
    interceptBytes: intercept,
    samples: n,
    levels,
  };
}
