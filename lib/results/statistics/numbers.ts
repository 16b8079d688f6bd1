/** A span of Unix time in microseconds. */
export interface Window {
  readonly beganMicros: number;
  readonly endedMicros: number;
}

/** The sum of numbers; 0 for none. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The greatest of numbers; null for none. Unlike Math.max it takes lists of any length. */
export function greatest(values: readonly number[]): number | null {
  return values.reduce<number | null>((most, value) => (most === null || value > most ? value : most), null);
}

/** The median of numbers; the mean of the two in the middle where there are two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}

/** Adds counts by cause. */
export function sumByCause(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const one of counts) {
    for (const [cause, value] of Object.entries(one)) total[cause] = (total[cause] ?? 0) + value;
  }
  return total;
}

/** Counts by cause as a phrase: `3 ECONNRESET, 1 EPIPE`. */
export function describeCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([cause, count]) => `${count} ${cause}`)
    .join(', ');
}
