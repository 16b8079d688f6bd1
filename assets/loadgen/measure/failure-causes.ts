import { errorNumbers } from '../kernel/error-numbers.ts';
import type { FailureCause, FailureCounts } from '../raw.ts';

const named = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EADDRINUSE',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EPIPE',
] as const satisfies readonly FailureCause[];

const byNumber = new Map<number, FailureCause>(named.map((name) => [errorNumbers[name], name]));

/** The cause that an errno stands for. */
export function causeOf(errno: number): FailureCause {
  return byNumber.get(errno) ?? 'other';
}

/** Adds one to a cause. */
export function countCause(counts: { [cause in FailureCause]?: number }, cause: FailureCause): void {
  counts[cause] = (counts[cause] ?? 0) + 1;
}

/** Sums counts by cause. */
export function addCauses(all: readonly FailureCounts[]): FailureCounts {
  const sum: { [cause in FailureCause]?: number } = {};
  for (const counts of all) {
    for (const [cause, count] of Object.entries(counts) as [FailureCause, number][])
      sum[cause] = (sum[cause] ?? 0) + count;
  }
  return sum;
}

/** How many there are over all causes. */
export function totalOf(counts: FailureCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** For people: `3 ECONNREFUSED, 1 EPIPE`, the most frequent first. */
export function describeCauses(counts: FailureCounts): string {
  return (Object.entries(counts) as [FailureCause, number][])
    .toSorted((a, b) => b[1] - a[1])
    .map(([cause, count]) => `${count} ${cause}`)
    .join(', ');
}
