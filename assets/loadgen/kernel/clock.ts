// performance.now() costs no BigInt; its origin on the machine's monotonic clock is found once.
const originMicros = Number(process.hrtime.bigint()) / 1000 - performance.now() * 1000;

/** Microseconds of the host's monotonic clock (CLOCK_MONOTONIC): comparable between processes of one host only. */
export function monotonicMicros(): number {
  return originMicros + performance.now() * 1000;
}
