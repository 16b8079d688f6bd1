/** The most bytes that a frame's header and masking key take. */
export const longestHeader = 14;

/**
 * Writes one final, masked frame (as a client must send it) into `target` from `at` on and returns its end.
 * The payload is `payloadBytes` bytes that already lie at `at + headerBytes(payloadBytes)`; they are masked in place.
 */
export function encodeInPlace(target: Uint8Array, at: number, opcode: number, payloadBytes: number): number {
  target[at] = 0x80 | opcode;
  let mask = at + 2;
  if (payloadBytes < 126) {
    target[at + 1] = 0x80 | payloadBytes;
  } else if (payloadBytes < 65536) {
    target[at + 1] = 0x80 | 126;
    target[at + 2] = payloadBytes >> 8;
    target[at + 3] = payloadBytes & 0xff;
    mask = at + 4;
  } else {
    target[at + 1] = 0x80 | 127;
    let rest = payloadBytes;
    for (let n = 9; n >= 2; n -= 1) {
      target[at + n] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    mask = at + 10;
  }
  const key = Math.floor(Math.random() * 2 ** 32);
  for (let n = 0; n < 4; n += 1) target[mask + n] = (key >>> (8 * n)) & 0xff;
  const payload = mask + 4;
  for (let n = 0; n < payloadBytes; n += 1) target[payload + n]! ^= (key >>> (8 * (n & 3))) & 0xff;
  return payload + payloadBytes;
}

/** Bytes of the header, masking key included, of a frame of this payload. */
export function headerBytes(payloadBytes: number): number {
  return payloadBytes < 126 ? 6 : payloadBytes < 65536 ? 8 : 14;
}

/** A frame as a client sends it, in a buffer of its own. */
export function encodeFrame(opcode: number, payload: Uint8Array): Buffer {
  const header = headerBytes(payload.length);
  const frame = Buffer.alloc(header + payload.length);
  frame.set(payload, header);
  encodeInPlace(frame, 0, opcode, payload.length);
  return frame;
}
