const encodingCookie = 0x1c849303 | 0x10;
const compressedCookie = 0x1c849304 | 0x10;
const headerBytes = 40;
/** A count may be as large as an exact integer. */
const longestNumberBytes = 8;

/**
 * Base64 of HdrHistogram's compressed V2 encoding (the format that all HdrHistogram libraries read), for a histogram of
 * integers from 1 to `highest` with `digits` significant digits. `pairs` are the index and the count of each bucket that has one, in
 * order. The library could do it, but loading it takes longer than all else that a load process does to write its raw file.
 */
export function encodeHistogram(pairs: ArrayLike<number>, highest: number, digits: number): string {
  const plain = Buffer.allocUnsafe(headerBytes + pairs.length * longestNumberBytes);
  let end = headerBytes;
  let next = 0;
  for (let n = 0; n < pairs.length; n += 2) {
    const index = pairs[n]!;
    if (index > next) end = writeZigZag(plain, end, index - next === 1 ? 0 : next - index);
    end = writeZigZag(plain, end, pairs[n + 1]!);
    next = index + 1;
  }
  plain.writeInt32BE(encodingCookie, 0);
  plain.writeInt32BE(end - headerBytes, 4);
  plain.writeInt32BE(0, 8);
  plain.writeInt32BE(digits, 12);
  plain.writeBigInt64BE(1n, 16);
  plain.writeBigInt64BE(BigInt(highest), 24);
  plain.writeDoubleBE(1, 32);
  // Loaded when it is needed, which in a load process is when all connections are open.
  const compressed = process.getBuiltinModule('node:zlib').deflateSync(plain.subarray(0, end));
  const head = Buffer.alloc(8);
  head.writeInt32BE(compressedCookie, 0);
  head.writeInt32BE(compressed.length, 4);
  return Buffer.concat([head, compressed]).toString('base64');
}

/**
 * Seven bits a byte, the sign in the lowest bit; where it ends. Our numbers need no ninth byte, which the format treats otherwise.
 */
function writeZigZag(bytes: Buffer, start: number, value: number): number {
  let end = start;
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  while (rest >= 0x80) {
    bytes[end] = (rest % 0x80) | 0x80;
    end += 1;
    rest = Math.floor(rest / 0x80);
  }
  bytes[end] = rest;
  return end + 1;
}
