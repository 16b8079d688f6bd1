import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { opcodes, type FrameToSend } from './frame.ts';

/** The reserved bits of a compressed message's first frame: RFC 7692, section 7.2.3. */
export const deflated = 4;
const tail = Buffer.of(0, 0, 0xff, 0xff);
const finishFlush = constants.Z_SYNC_FLUSH;

/** The frame with its message compressed, where it is a whole one. */
export function compress(frame: FrameToSend): FrameToSend {
  const isWhole = (frame.opcode === opcodes.text || frame.opcode === opcodes.binary) && frame.fin !== false;
  if (!isWhole || frame.reserved !== undefined || frame.announcedLength !== undefined) return frame;
  const payload = deflateRawSync(frame.payload ?? '', { finishFlush }).subarray(0, -tail.length);
  return { ...frame, payload, reserved: deflated };
}

/** What a compressed message is; throws when that cannot be told. */
export function inflate(payload: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([payload, tail]), { finishFlush });
}
