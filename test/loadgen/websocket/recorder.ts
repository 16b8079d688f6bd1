import type { Inflater } from '../../../assets/loadgen/deflate/inflater.ts';
import { FrameParser, type FrameSink, type Violation } from '../../../assets/loadgen/websocket/frame-parser.ts';

/** What a parser handed on. */
export type Happening = readonly [string, ...(string | number)[]];

/** Writes down what a parser hands on; pieces of a message are joined, so that the cuts do not show. */
export class Recorder implements FrameSink {
  readonly happenings: Happening[] = [];
  #pieces: Buffer[] = [];
  #opcode = 0;

  message(opcode: number, bytes: Uint8Array, start: number, end: number): void {
    this.happenings.push(['message', opcode, copy(bytes, start, end)]);
  }
  messageStart(opcode: number): void {
    this.#opcode = opcode;
    this.#pieces = [];
  }
  messageData(bytes: Uint8Array, start: number, end: number): void {
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
  }
  messageEnd(): void {
    this.happenings.push(['message', this.#opcode, Buffer.concat(this.#pieces).toString('base64')]);
  }
  ping(bytes: Uint8Array, start: number, end: number): void {
    this.happenings.push(['ping', copy(bytes, start, end)]);
  }
  pong(bytes: Uint8Array, start: number, end: number): void {
    this.happenings.push(['pong', copy(bytes, start, end)]);
  }
  close(code: number, bytes: Uint8Array, start: number, end: number): void {
    this.happenings.push(['close', code, copy(bytes, start, end)]);
  }
}

function copy(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString('base64');
}

/** A frame as a server sends it. */
export function frame(first: number, payload: Uint8Array | string): Buffer {
  const bytes = Buffer.from(payload as Uint8Array);
  if (bytes.length < 126) return Buffer.concat([Buffer.of(first, bytes.length), bytes]);
  const header = Buffer.alloc(bytes.length < 65536 ? 4 : 10);
  header[0] = first;
  header[1] = header.length === 4 ? 126 : 127;
  if (header.length === 4) header.writeUInt16BE(bytes.length, 2);
  else header.writeBigUInt64BE(BigInt(bytes.length), 2);
  return Buffer.concat([header, bytes]);
}

/** Parses pieces; `inflater` where messages may be compressed. */
export function parse(
  pieces: readonly Uint8Array[],
  inflater: Inflater | null = null,
): {
  happenings: readonly Happening[];
  violation: Violation | null;
  idle: boolean;
} {
  const parser = new FrameParser(0, inflater);
  const sink = new Recorder();
  for (const piece of pieces) {
    const violation = parser.push(piece, 0, piece.length, sink);
    if (violation !== null) return { happenings: sink.happenings, violation, idle: false };
  }
  return { happenings: sink.happenings, violation: null, idle: parser.idle };
}
