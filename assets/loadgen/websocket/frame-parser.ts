import type { DeflateFailureCause } from '../deflate/extension.ts';
import type { Inflater } from '../deflate/inflater.ts';
import { deflatedBit, finalBit, length16, longestControlPayload, opcodeBits } from './frame-header.ts';
import { binary, closing, continuation, ping, pong, text } from './opcodes.ts';
import { takeWholeMessages, type WholeMessageSink } from './whole-messages.ts';

/**
 * What a parser hands on. Bytes are a range of the buffer that was pushed, valid during the call only.
 * A data message comes either whole (`message`) or in pieces (`messageStart`, any number of `messageData`, `messageEnd`).
 */
export interface FrameSink extends WholeMessageSink {
  messageStart(opcode: number): void;
  messageData(bytes: Uint8Array, start: number, end: number): void;
  messageEnd(): void;
  ping(bytes: Uint8Array, start: number, end: number): void;
  /** The close frame: code (1005 when it had none) and the reason's bytes. Nothing comes after it. */
  close(code: number, bytes: Uint8Array, start: number, end: number): void;
}

/** The server broke the protocol: what it did, and the close code to answer with. */
export interface Violation {
  readonly code: 1002 | 1007 | 1009;
  readonly reason: string;
  /** What it counts as; `protocolError` when it is left out. */
  readonly cause?: DeflateFailureCause;
}

const { isUtf8 } = process.getBuiltinModule('node:buffer');

const reservedBits = 0x70;
const maskBit = 0x80;
const lengthBits = 0x7f;
type State = 'header' | 'length16' | 'length64' | 'payload' | 'controlPayload' | 'ended';

/**
 * Parses what a server sends (RFC 6455, section 5), however it is cut up. Payloads of data messages are handed on as they
 * come and never kept, but for compressed ones; control payloads (125 bytes at most) are put together first.
 */
export class FrameParser {
  readonly #fd: number;
  readonly #inflater: Inflater | null;
  #state: State = 'header';
  // Bytes of a header, a length or a control payload that came in an earlier piece.
  #kept = Buffer.alloc(0);
  #final = true;
  #opcode = 0;
  #remaining = 0;
  // The data message in progress: its opcode, or 0 between messages.
  #messageOpcode = 0;
  #isDeflated = false;
  #decoder: InstanceType<typeof TextDecoder> | null = null;

  /** `inflater` is for the compressed messages of a connection; null where nothing may be compressed. */
  constructor(fd = 0, inflater: Inflater | null = null) {
    this.#fd = fd;
    this.#inflater = inflater;
  }

  /** True between messages, with nothing kept: such a parser can be thrown away. */
  get idle(): boolean {
    return this.#state === 'header' && this.#kept.length === 0 && this.#messageOpcode === 0;
  }

  /** Parses the range; null, or how the server broke the protocol (then nothing more may be pushed). */
  push(bytes: Uint8Array, start: number, end: number, sink: FrameSink): Violation | null {
    let at = start;
    while (at < end || this.#awaitsNothing()) {
      if (this.idle) {
        at = takeWholeMessages(bytes, at, end, sink, this.#inflater);
        if (at === end) return null;
      }
      const taken = this.#step(bytes, at, end, sink);
      if (typeof taken !== 'number') {
        this.#state = 'ended';
        return taken;
      }
      at = taken;
    }
    return null;
  }

  /** Whether an empty payload is due, which takes a step but no byte. */
  #awaitsNothing(): boolean {
    return this.#remaining === 0 && (this.#state === 'payload' || this.#state === 'controlPayload');
  }

  #step(bytes: Uint8Array, at: number, end: number, sink: FrameSink): number | Violation {
    switch (this.#state) {
      case 'header':
        return this.#collect(bytes, at, end, 2, (from, offset) => this.#header(from[offset]!, from[offset + 1]!, sink));
      case 'length16':
        return this.#collect(bytes, at, end, 2, (from, offset) => this.#length16(from, offset));
      case 'length64':
        return this.#collect(bytes, at, end, 8, (from, offset) => this.#length64(from, offset));
      case 'controlPayload':
        return this.#collect(bytes, at, end, this.#remaining, (from, offset) => this.#control(from, offset, sink));
      case 'payload':
        return this.#payload(bytes, at, end, sink);
      default:
        // Ended: whatever follows a close frame is not ours to read.
        return end;
    }
  }

  /** Calls `use` with `count` bytes in a row, once they are all there. */
  #collect(
    bytes: Uint8Array,
    at: number,
    end: number,
    count: number,
    use: (from: Uint8Array, offset: number) => Violation | null,
  ): number | Violation {
    const missing = count - this.#kept.length;
    if (end - at < missing) {
      this.#kept = Buffer.concat([this.#kept, bytes.subarray(at, end)]);
      return end;
    }
    let from = bytes;
    let offset = at;
    if (this.#kept.length > 0) {
      from = Buffer.concat([this.#kept, bytes.subarray(at, at + missing)]);
      offset = 0;
      this.#kept = Buffer.alloc(0);
    }
    return use(from, offset) ?? at + missing;
  }

  #header(first: number, second: number, sink: FrameSink): Violation | null {
    if ((first & reservedBits & ~this.#allowedBits(first)) !== 0)
      return broken('a reserved bit is set that no extension allows');
    if ((second & maskBit) !== 0) return broken('a frame from the server is masked');
    this.#final = (first & finalBit) !== 0;
    this.#opcode = first & opcodeBits;
    this.#remaining = second & lengthBits;
    if (this.#opcode >= closing) return this.#controlHeader();
    if (this.#opcode > binary) return broken(`opcode ${this.#opcode} is reserved`);
    if (this.#opcode === continuation) {
      if (this.#messageOpcode === 0) return broken('a continuation of no message');
    } else {
      if (this.#messageOpcode !== 0) return broken('a new message inside a fragmented one');
      this.#messageOpcode = this.#opcode;
      this.#isDeflated = (first & deflatedBit) !== 0;
      this.#decoder = this.#opcode === text && !this.#isDeflated ? new TextDecoder('utf-8', { fatal: true }) : null;
      sink.messageStart(this.#opcode);
    }
    this.#state = this.#remaining === length16 ? 'length16' : this.#remaining === 127 ? 'length64' : 'payload';
    return null;
  }

  /** RSV1, for the first frame of a message where compression was agreed on: RFC 7692, section 6.1. */
  #allowedBits(first: number): number {
    const opcode = first & opcodeBits;
    return this.#inflater !== null && (opcode === text || opcode === binary) ? deflatedBit : 0;
  }

  #controlHeader(): Violation | null {
    if (this.#opcode > pong) return broken(`opcode ${this.#opcode} is reserved`);
    if (!this.#final) return broken('a control frame is fragmented');
    if (this.#remaining > longestControlPayload) return broken('a control frame is longer than 125 bytes');
    this.#state = 'controlPayload';
    return null;
  }

  #length16(from: Uint8Array, offset: number): Violation | null {
    this.#remaining = (from[offset]! << 8) | from[offset + 1]!;
    if (this.#remaining < 126) return broken('a length is not in its shortest form');
    this.#state = 'payload';
    return null;
  }

  #length64(from: Uint8Array, offset: number): Violation | null {
    let length = 0;
    for (let n = 0; n < 8; n += 1) length = length * 256 + from[offset + n]!;
    if (from[offset]! >= 0x80) return broken('the highest bit of a length is set');
    if (length < 65536) return broken('a length is not in its shortest form');
    if (length > Number.MAX_SAFE_INTEGER) return { code: 1009, reason: 'a frame is longer than 2^53 bytes' };
    this.#remaining = length;
    this.#state = 'payload';
    return null;
  }

  #payload(bytes: Uint8Array, at: number, end: number, sink: FrameSink): number | Violation {
    const take = Math.min(this.#remaining, end - at);
    const last = this.#final && take === this.#remaining;
    if (!this.#isText(bytes, at, at + take, last)) return { code: 1007, reason: 'a text message is no valid UTF-8' };
    if (this.#isDeflated) {
      const tooLong = this.#inflater!.keep(this.#fd, bytes, at, at + take);
      if (tooLong !== null) return tooLong;
    } else if (take > 0) sink.messageData(bytes, at, at + take);
    this.#remaining -= take;
    if (this.#remaining > 0) return at + take;
    this.#state = 'header';
    if (last) {
      const violation = this.#isDeflated ? this.#inflate(sink) : null;
      if (violation !== null) return violation;
      this.#messageOpcode = 0;
      this.#decoder = null;
      sink.messageEnd();
    }
    return at + take;
  }

  #inflate(sink: FrameSink): Violation | null {
    const isText = this.#messageOpcode === text;
    return this.#inflater!.finish(this.#fd, isText, (bytes, start, end) => sink.messageData(bytes, start, end));
  }

  #isText(bytes: Uint8Array, start: number, end: number, last: boolean): boolean {
    if (this.#decoder === null) return true;
    try {
      this.#decoder.decode(bytes.subarray(start, end), { stream: !last });
      return true;
    } catch {
      return false;
    }
  }

  #control(from: Uint8Array, offset: number, sink: FrameSink): Violation | null {
    const end = offset + this.#remaining;
    this.#state = 'header';
    this.#remaining = 0;
    if (this.#opcode === ping) sink.ping(from, offset, end);
    else if (this.#opcode === pong) sink.pong(from, offset, end);
    else return this.#close(from, offset, end, sink);
    return null;
  }

  #close(from: Uint8Array, offset: number, end: number, sink: FrameSink): Violation | null {
    this.#state = 'ended';
    if (end === offset) {
      sink.close(1005, from, end, end);
      return null;
    }
    if (end - offset === 1) return broken('a close frame has half a code');
    const code = (from[offset]! << 8) | from[offset + 1]!;
    if (!isCloseCode(code)) return broken(`a close frame has the code ${code}`);
    if (!isUtf8(from.subarray(offset + 2, end))) return { code: 1007, reason: 'a close reason is no valid UTF-8' };
    sink.close(code, from, offset + 2, end);
    return null;
  }
}

/** Codes that may be sent: RFC 6455, section 7.4, and 1012 to 1014 of the registry. */
function isCloseCode(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code < 5000)
  );
}

function broken(reason: string): Violation {
  return { code: 1002, reason };
}
