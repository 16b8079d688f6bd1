/** Waits before the second and the third attempt of a connection, microseconds: a real client would try again, but not for ever. */
const backOffMicros = [500_000, 2_000_000] as const;
/** A server that wants to be left alone for longer (Retry-After) is asked again then: a run is not to last for hours. */
const retryAfterMost = 30;
const jitterOfRetryAfter = 0.1;

/**
 * How long to wait after so many failed attempts, microseconds; null when it has been tried often enough. Between half and all of the
 * back-off, at random, so that those that failed together do not come back together.
 */
export function backOff(failedAttempts: number): number | null {
  const most = backOffMicros[failedAttempts - 1];
  return most === undefined ? null : most * (0.5 + 0.5 * Math.random());
}

/** A wait in microseconds, or the one that the server asked for where that is longer: 30 s at most, and a little jitter. */
export function waitAtLeast(waitMicros: number, retryAfterSeconds: number): number {
  if (retryAfterSeconds === 0) return waitMicros;
  const asked = Math.min(retryAfterSeconds, retryAfterMost) * 1e6;
  return Math.max(waitMicros, asked * (1 + jitterOfRetryAfter * Math.random()));
}
