import { allocate, clockTime } from './libc.ts';

const realtime = 0;
const monotonic = 1;
// struct timespec: seconds, then nanoseconds, 64 bits each; nanoseconds need the lower half only.
const time = allocate(16);
const words = new Int32Array(time.bytes.buffer);

/** Microseconds since 1970 by the host's clock (CLOCK_REALTIME). */
export function unixMicros(): number {
  clockTime(realtime, time.address);
  return words[0]! * 1e6 + words[2]! / 1000;
}

/** Microseconds of the host's monotonic clock (CLOCK_MONOTONIC): comparable between processes of one host only. */
export function monotonicMicros(): number {
  // Node's own clocks make garbage, or load a library of measurements first.
  clockTime(monotonic, time.address);
  return words[0]! * 1e6 + words[2]! / 1000;
}
