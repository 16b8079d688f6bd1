const encodingCookie = 0x1c849303 | 0x10;
const compressedCookie = 0x1c849304 | 0x10;
const headerBytes = 40;

/** Counts by bucket index, in order; buckets without a count are left out. */
export type BucketCounts = Iterable<readonly [index: number, count: number]>;

/**
 * Base64 of HdrHistogram's compressed V2 encoding (the format that all HdrHistogram libraries read), for a histogram of
 * integers from 1 to `highest` with `digits` significant digits. The library could do it, but loading it takes longer
 * than all else that a load process does to write its raw file.
 */
export function encodeHistogram(counts: BucketCounts, highest: number, digits: number): string {
  const payload: number[] = [];
  let next = 0;
  for (const [index, count] of counts) {
    if (index > next) writeZigZag(payload, index - next === 1 ? 0 : next - index);
    writeZigZag(payload, count);
    next = index + 1;
  }
  const plain = Buffer.alloc(headerBytes + payload.length);
  plain.writeInt32BE(encodingCookie, 0);
  plain.writeInt32BE(payload.length, 4);
  plain.writeInt32BE(0, 8);
  plain.writeInt32BE(digits, 12);
  plain.writeBigInt64BE(1n, 16);
  plain.writeBigInt64BE(BigInt(highest), 24);
  plain.writeDoubleBE(1, 32);
  plain.set(payload, headerBytes);
  // Loaded when it is needed, which in a load process is at the end.
  const compressed = process.getBuiltinModule('node:zlib').deflateSync(plain);
  const head = Buffer.alloc(8);
  head.writeInt32BE(compressedCookie, 0);
  head.writeInt32BE(compressed.length, 4);
  return Buffer.concat([head, compressed]).toString('base64');
}

/** Seven bits a byte, the sign in the lowest bit; our counts need no ninth byte, which the format treats otherwise. */
function writeZigZag(bytes: number[], value: number): void {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}
