/** First and last address of a block such as `10.42.16.0/20`, as numbers; null when it is none. */
function rangeOf(cidr: string): readonly [first: number, last: number] | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (match === null) return null;
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match.slice(1).map(Number);
  const size = 2 ** (32 - bits);
  const first = Math.floor((((a * 256 + b) * 256 + c) * 256 + d) / size) * size;
  return [first, first + size - 1];
}

/** Whether two IPv4 blocks in CIDR notation have an address in common; what is no block has none. */
export function cidrsOverlap(one: string, other: string): boolean {
  const [a, b] = [rangeOf(one), rangeOf(other)];
  return a !== null && b !== null && a[0] <= b[1] && b[0] <= a[1];
}

/** Whether every address of an IPv4 block in CIDR notation is one of another's. */
export function isWithin(inner: string, outer: string): boolean {
  const [a, b] = [rangeOf(inner), rangeOf(outer)];
  return a !== null && b !== null && a[0] >= b[0] && a[1] <= b[1];
}
