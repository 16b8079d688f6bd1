/** Bits of a frame's first byte. */
export const finalBit = 0x80;
/** RSV1: the message is compressed (RFC 7692, section 7.2.3). */
export const deflatedBit = 0x40;
export const opcodeBits = 0x0f;

export const longestControlPayload = 125;
/** In place of a length: the length follows in 16 bits. */
export const length16 = 126;
