import type { Inflater } from '../deflate/inflater.ts';
import { deflatedBit, finalBit, length16, longestControlPayload, opcodeBits } from './frame-header.ts';
import { binary, pong, text } from './opcodes.ts';

const { isUtf8 } = process.getBuiltinModule('node:buffer');

/** What is found at the start of a range. Bytes are valid during the call only. */
export interface WholeMessageSink {
  message(opcode: number, bytes: Uint8Array, start: number, end: number): void;
  pong(bytes: Uint8Array, start: number, end: number): void;
}

/** So long a text is checked sooner by a call of the native check. */
const fewBytes = 128;

/**
 * Takes the whole, unfragmented text and binary messages of less than 64 KiB and the pongs at the start of a range, which is nearly all that
 * a connection ever gets, without keeping any state; returns where it stopped. What begins there (if anything) is for a
 * FrameParser. `inflater` inflates those that are compressed; null where nothing may be.
 */
export function takeWholeMessages(
  bytes: Uint8Array,
  start: number,
  end: number,
  sink: WholeMessageSink,
  inflater: Inflater | null = null,
): number {
  let at = start;
  while (end - at >= 2) {
    const first = bytes[at]!;
    let length = bytes[at + 1]!;
    let payload = at + 2;
    if (first === (finalBit | pong) && length <= longestControlPayload) {
      if (payload + length > end) break;
      sink.pong(bytes, payload, payload + length);
      at = payload + length;
      continue;
    }
    const kind = inflater === null ? first : first & ~deflatedBit;
    // One comparison each: final bit set, nothing reserved, text or binary; not masked and below 127.
    if ((kind !== (finalBit | text) && kind !== (finalBit | binary)) || length > length16) break;
    if (length === length16) {
      if (end - payload < 2) break;
      length = (bytes[payload]! << 8) | bytes[payload + 1]!;
      // A length that is not in its shortest form is for the parser to refuse.
      if (length < length16) break;
      payload += 2;
    }
    const next = payload + length;
    if (next > end) break;
    const inflated = kind === first ? 0 : inflater!.whole(bytes, payload, next);
    if (inflated < 0) break;
    const message = kind === first ? bytes : inflater!.output;
    const from = kind === first ? payload : 0;
    const to = kind === first ? next : inflated;
    if (kind === (finalBit | text) && !isWholeUtf8(message, from, to)) break;
    sink.message(kind & opcodeBits, message, from, to);
    at = next;
  }
  return at;
}

/** Whether a text is valid UTF-8; a call of the native check costs more than a look at a few bytes. */
function isWholeUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > fewBytes) return isUtf8(bytes.subarray(start, end));
  for (let at = start; at < end; at += 1) {
    if (bytes[at]! >= 0x80) return isUtf8(bytes.subarray(start, end));
  }
  return true;
}
