/** Microseconds of CLOCK_MONOTONIC: the clock that the load generator's hosts on this machine read too. */
export function monotonicMicros(): number {
  return Number(process.hrtime.bigint()) / 1000;
}
