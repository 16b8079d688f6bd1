/** What fills messages up to their length: this, over and over, so that any piece can be checked by where in the message it lies. */
const pattern = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-';
const period = pattern.length;
/** As much of it as is compared or copied at once. */
const stretch = Buffer.from(pattern.repeat(1025), 'latin1');
const pieceBytes = stretch.length - period;
/** So short a piece is compared sooner than the native comparison is called. */
const fewBytes = 48;

/** Fills a message's bytes from `from` to `to` (counted within the message, which begins at `base` of the buffer). */
export function writePadding(target: Uint8Array, base: number, from: number, to: number): void {
  for (let at = from; at < to; at += pieceBytes) {
    const piece = Math.min(pieceBytes, to - at);
    target.set(stretch.subarray(at % period, (at % period) + piece), base + at);
  }
}

/** Whether the bytes from `start` to `end` of a buffer are padding that begins `offset` bytes into its message. */
export function isPadding(bytes: Uint8Array, start: number, end: number, offset: number): boolean {
  if (end - start <= fewBytes) {
    for (let at = start; at < end; at += 1) if (bytes[at] !== stretch[(offset + at - start) % period]) return false;
    return true;
  }
  for (let at = start; at < end; at += pieceBytes) {
    const piece = Math.min(pieceBytes, end - at);
    const from = (offset + at - start) % period;
    if (stretch.compare(bytes, at, at + piece, from, from + piece) !== 0) return false;
  }
  return true;
}
