/** Opcodes of RFC 6455, section 5.2. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A frame as it was received. */
export interface Frame {
  readonly fin: boolean;
  /** The three reserved bits, 0 to 7. */
  readonly reserved: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

/** A frame to send: right by default, and malformed where asked. */
export interface FrameToSend {
  readonly opcode: number;
  readonly payload?: Buffer | string;
  readonly fin?: boolean;
  readonly reserved?: number;
  readonly masked?: boolean;
  /** What the header says of the payload's length, if not the truth. */
  readonly announcedLength?: bigint;
}

const mask = Buffer.from([0x5a, 0x81, 0x00, 0xff]);

/** The bytes of a client's frame. */
export function encodeFrame(frame: FrameToSend): Buffer {
  const payload = Buffer.from(frame.payload ?? '');
  const length = frame.announcedLength ?? BigInt(payload.length);
  const masked = frame.masked ?? true;
  const first = ((frame.fin ?? true) ? 0x80 : 0) | ((frame.reserved ?? 0) << 4) | frame.opcode;
  const header = Buffer.concat([Buffer.from([first]), encodeLength(length, masked ? 0x80 : 0)]);
  return masked ? Buffer.concat([header, mask, masking(payload)]) : Buffer.concat([header, payload]);
}

function encodeLength(length: bigint, maskBit: number): Buffer {
  if (length < 126n) return Buffer.from([maskBit | Number(length)]);
  if (length < 65536n) {
    const bytes = Buffer.from([maskBit | 126, 0, 0]);
    bytes.writeUInt16BE(Number(length), 1);
    return bytes;
  }
  const bytes = Buffer.alloc(9);
  bytes[0] = maskBit | 127;
  bytes.writeBigUInt64BE(length, 1);
  return bytes;
}

function masking(payload: Buffer): Buffer {
  const result = Buffer.allocUnsafe(payload.length);
  for (let index = 0; index < payload.length; index += 1)
    result[index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
  return result;
}

/** The first frame in `bytes` and how many bytes it takes, or null while it is incomplete. Throws on a length above 2^53. */
export function decodeFrame(bytes: Buffer): { readonly frame: Frame; readonly size: number } | null {
  if (bytes.length < 2) return null;
  const [first = 0, second = 0] = bytes;
  const masked = (second & 0x80) !== 0;
  const short = second & 0x7f;
  const lengthSize = short === 126 ? 2 : short === 127 ? 8 : 0;
  const payloadAt = 2 + lengthSize + (masked ? 4 : 0);
  if (bytes.length < payloadAt) return null;
  const length = lengthSize === 2 ? bytes.readUInt16BE(2) : lengthSize === 8 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (!Number.isSafeInteger(length)) throw new Error(`a frame of ${length} bytes cannot be`);
  const size = payloadAt + length;
  if (bytes.length < size) return null;
  const frame = {
    fin: (first & 0x80) !== 0,
    reserved: (first >> 4) & 7,
    opcode: first & 15,
    masked,
    payload: bytes.subarray(payloadAt, size),
  };
  return { frame, size };
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: string | Buffer = ''): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code);
  return Buffer.concat([bytes, Buffer.from(reason)]);
}
