import type { Inflater } from '../deflate/inflater.ts';
import { isPadding } from './padding.ts';
import { FrameParser, type FrameSink, type Violation } from '../websocket/frame-parser.ts';

/** So much of a message is put together where it comes in pieces; of what follows it is only checked that it is padding. */
const keptBytes = 256;

/** What is done with what a parser finds, told which connection it is about. */
export interface MessageTaker {
  message(fd: number, opcode: number, bytes: Uint8Array, start: number, end: number, tail: number): void;
  ping(fd: number, bytes: Uint8Array, start: number, end: number): void;
  pong(fd: number, bytes: Uint8Array, start: number, end: number): void;
  close(fd: number, code: number, bytes: Uint8Array, start: number, end: number): void;
}

/** One connection in the middle of a frame or message: its parser, and as much of the message as may be needed. */
class PartialFrame implements FrameSink {
  readonly parser: FrameParser;
  readonly #fd: number;
  readonly #taker: MessageTaker;
  #opcode = 0;
  #length = 0;
  #isPadded = true;
  #bytes = Buffer.alloc(0);

  constructor(fd: number, taker: MessageTaker, inflater: Inflater | null) {
    this.parser = new FrameParser(fd, inflater);
    this.#fd = fd;
    this.#taker = taker;
  }

  message(opcode: number, bytes: Uint8Array, start: number, end: number): void {
    this.#taker.message(this.#fd, opcode, bytes, start, end, 0);
  }

  messageStart(opcode: number): void {
    this.#opcode = opcode;
    this.#length = 0;
    this.#isPadded = true;
  }

  messageData(bytes: Uint8Array, start: number, end: number): void {
    const kept = Math.min(end - start, Math.max(0, keptBytes - this.#length));
    if (kept > 0) {
      if (this.#bytes.length === 0) this.#bytes = Buffer.alloc(keptBytes);
      this.#bytes.set(bytes.subarray(start, start + kept), this.#length);
    }
    this.#isPadded &&= isPadding(bytes, start + kept, end, this.#length + kept);
    this.#length += end - start;
  }

  messageEnd(): void {
    const kept = Math.min(this.#length, keptBytes);
    const tail = this.#isPadded ? this.#length - kept : kept - this.#length;
    this.#taker.message(this.#fd, this.#opcode, this.#bytes, 0, kept, tail);
  }

  ping(bytes: Uint8Array, start: number, end: number): void {
    this.#taker.ping(this.#fd, bytes, start, end);
  }

  pong(bytes: Uint8Array, start: number, end: number): void {
    this.#taker.pong(this.#fd, bytes, start, end);
  }

  close(code: number, bytes: Uint8Array, start: number, end: number): void {
    this.#taker.close(this.#fd, code, bytes, start, end);
  }
}

/** The connections that are in the middle of a frame or message, or had something else than short messages. */
export class PartialFrames {
  readonly #taker: MessageTaker;
  readonly #partialFrames = new Map<number, PartialFrame>();

  constructor(taker: MessageTaker) {
    this.#taker = taker;
  }

  /** Parses more of a connection, whose compressed messages `inflater` inflates; a violation when the server broke the protocol. */
  push(fd: number, bytes: Uint8Array, start: number, end: number, inflater: Inflater | null): Violation | null {
    let partialFrame = this.#partialFrames.get(fd);
    if (partialFrame === undefined) {
      partialFrame = new PartialFrame(fd, this.#taker, inflater);
      this.#partialFrames.set(fd, partialFrame);
    }
    return partialFrame.parser.push(bytes, start, end, partialFrame);
  }

  /** Whether a connection is between two messages again; then nothing is kept of it any more. */
  settle(fd: number): boolean {
    if (this.#partialFrames.get(fd)?.parser.idle !== true) return false;
    this.#partialFrames.delete(fd);
    return true;
  }

  /** Drops what is kept of a connection that is gone. */
  forget(fd: number): void {
    this.#partialFrames.delete(fd);
  }
}
