const zero = 0x30;

/** Writes a whole number from 0 on in decimal digits; how many. A string in between would cost more than the system call that sends it. */
export function writeDigits(bytes: Uint8Array, at: number, value: number): number {
  let count = 1;
  for (let more = 10; more <= value; more *= 10) count += 1;
  let rest = value;
  for (let n = at + count - 1; n >= at; n -= 1) {
    const next = Math.floor(rest / 10);
    bytes[n] = zero + (rest - next * 10);
    rest = next;
  }
  return count;
}

/** The number that digits are; NaN for anything else. */
export function readDigits(bytes: Uint8Array, start: number, end: number): number {
  let number = end > start ? 0 : Number.NaN;
  for (let at = start; at < end; at += 1) {
    const digit = bytes[at]! - zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}
