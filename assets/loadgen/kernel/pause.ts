import { allocate, nanosleep } from './libc.ts';

// struct timespec: seconds, then nanoseconds, 64 bits each; nanoseconds need the lower half only.
const time = allocate(16);
const words = new Int32Array(time.bytes.buffer);

/** Does nothing for so many microseconds (less than a second), or until a signal. */
export function pause(micros: number): void {
  words[2] = Math.round(micros * 1000);
  nanosleep(time.address, 0);
}
