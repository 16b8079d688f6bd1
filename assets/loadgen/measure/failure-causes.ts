import { deflateFailureTexts } from '../deflate/extension.ts';
import { errorNumbers } from '../kernel/error-numbers.ts';
import type { FailureCause, FailureCounts } from '../raw.ts';
import { tlsFailureTexts } from '../tls/tls-failures.ts';

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

/** What causes mean that have no name of the system's, a line each. */
export function explainCauses(counts: FailureCounts): readonly string[] {
  return Object.entries({ ...tlsFailureTexts, ...deflateFailureTexts })
    .filter(([cause]) => (counts[cause as FailureCause] ?? 0) > 0)
    .map(([cause, text]) => `${cause}: ${text}`);
}

// What the server is, or what it was asked for, is to blame: the next attempt would come to the same.
const finalCauses: ReadonlySet<FailureCause> = new Set<FailureCause>([
  'tlsUnknownCa',
  'tlsWrongName',
  'tlsExpired',
  'tlsNotYetValid',
  'tlsBadCertificate',
  'tlsVersion',
  'tlsHandshakeFailure',
  'tlsNoHttp',
  'tlsUnknownName',
  'tlsClientCertificate',
  'tlsNotTls',
  'http301',
  'http302',
  'http303',
  'http307',
  'http308',
  'http400',
  'http401',
  'http403',
  'http404',
  'http405',
  'http410',
  'http426',
  'unaskedExtension',
  'unaskedSubprotocol',
  'deflateAnswer',
  'deflateContext',
]);

/** Whether another attempt would fail for the same reason. */
export function isFinal(cause: FailureCause): boolean {
  return finalCauses.has(cause);
}
