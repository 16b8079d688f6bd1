import { monotonicMicros } from '../kernel/clock.ts';
import { allocate } from '../kernel/libc.ts';
import { KeptBytes } from '../kernel/kept-bytes.ts';
import { CompressionCounts, type CompressionRaw } from './deflate-sums.ts';
import type { DeflateFailureCause } from './extension.ts';
import { outcomes, ZlibStream } from './zlib.ts';

const pieceBytes = 65536;
/** What the sender has left out of each message: RFC 7692, section 7.2.1. */
const tail = Buffer.of(0, 0, 0xff, 0xff);
/** More than this of one message is a bomb: a kilobyte can stand for a mebibyte. */
const longestMessage = 16 * 2 ** 20;

/** Why a message ends its connection, and the close code to answer with. */
export interface BadMessage {
  readonly code: 1007 | 1009;
  readonly reason: string;
  /** Left out where it breaks another rule than those of compression. */
  readonly cause?: DeflateFailureCause;
}

const broken: BadMessage = { code: 1007, cause: 'deflateData', reason: 'a message cannot be inflated' };
const tooLong: BadMessage = { code: 1009, cause: 'deflateTooLong', reason: 'a compressed message is too long' };
const noText: BadMessage = { code: 1007, reason: 'a text message is no valid UTF-8' };

/** Takes a piece of a message; valid during the call only. */
type TakePiece = (bytes: Uint8Array, start: number, end: number) => void;

/**
 * Inflates the messages of all connections of a process, each by itself, with one stream. What has come of a message that is not whole
 * yet is kept compressed, within bounds.
 */
export class Inflater {
  readonly #stream = new ZlibStream('inflate');
  readonly #input = allocate(pieceBytes + tail.length);
  readonly #output = allocate(pieceBytes);
  readonly #unfinished = new KeptBytes();
  readonly #counts = new CompressionCounts();

  /** What was inflated last: {@link whole}. */
  get output(): Uint8Array {
    return this.#output.bytes;
  }

  /**
   * Inflates a message of less than 64 KiB into {@link output}: how many bytes; -1 when it is longer than that, broken or rare, and for
   * {@link finish} to look at.
   */
  whole(bytes: Uint8Array, start: number, end: number): number {
    const began = monotonicMicros();
    const stream = this.#stream;
    stream.reset();
    this.#give(bytes, start, end, true);
    stream.setOutput(this.#output.address, pieceBytes);
    const outcome = stream.step();
    this.#counts.took(monotonicMicros() - began);
    const isWhole = outcome === outcomes.ok && stream.inputLeft === 0 && stream.roomLeft > 0 && stream.isBetweenBlocks;
    if (!isWhole) return -1;
    const length = pieceBytes - stream.roomLeft;
    this.#counts.add(end - start, length);
    return length;
  }

  /** Keeps more of a connection's message; or why it is too much. */
  keep(fd: number, bytes: Uint8Array, start: number, end: number): BadMessage | null {
    return this.#unfinished.append(fd, bytes.subarray(start, end)) ? null : tooLong;
  }

  /** Inflates the message of a connection that is all there now, piece by piece; null, or what is wrong with it. */
  finish(fd: number, isText: boolean, take: TakePiece): BadMessage | null {
    const began = monotonicMicros();
    const compressed = this.#unfinished.first(fd, Infinity);
    const decoder = isText ? new TextDecoder('utf-8', { fatal: true }) : null;
    let length = 0;
    const wrong = this.#inflate(compressed, (bytes, start, end) => {
      length += end - start;
      if (length > longestMessage) return tooLong;
      if (!isTextSoFar(decoder, bytes.subarray(start, end), true)) return noText;
      take(bytes, start, end);
      return null;
    });
    this.#unfinished.forget(fd);
    this.#counts.took(monotonicMicros() - began);
    if (wrong !== null) return wrong;
    if (!isTextSoFar(decoder, new Uint8Array(), false)) return noText;
    this.#counts.add(compressed.length, length);
    return null;
  }

  /** Gives each stretch of output on until `use` objects. */
  #inflate(compressed: Buffer, use: (...piece: Parameters<TakePiece>) => BadMessage | null): BadMessage | null {
    const stream = this.#stream;
    stream.reset();
    // Some senders have nothing to say of an empty message, which RFC 7692 makes one byte.
    if (compressed.length === 0) return null;
    let outcome: number = outcomes.ok;
    for (let at = 0; at <= compressed.length; at += pieceBytes) {
      const end = Math.min(at + pieceBytes, compressed.length);
      this.#give(compressed, at, end, end - at < pieceBytes);
      do {
        // A block may say that it is the last one (RFC 7692, section 7.2.3.4), and more may follow it.
        if (outcome === outcomes.streamEnd) stream.reset();
        stream.setOutput(this.#output.address, pieceBytes);
        outcome = stream.step();
        if (outcome < 0 && outcome !== outcomes.bufferError) return broken;
        const objection = use(this.#output.bytes, 0, pieceBytes - stream.roomLeft);
        if (objection !== null) return objection;
      } while (stream.inputLeft > 0 || (stream.roomLeft === 0 && !hasEnded(stream, outcome)));
    }
    return hasEnded(stream, outcome) ? null : broken;
  }

  /** Makes at most {@link pieceBytes} the input, with the tail where it is the end. */
  #give(bytes: Uint8Array, start: number, end: number, isEnd: boolean): void {
    const length = end - start;
    this.#input.bytes.set(bytes.subarray(start, end));
    if (isEnd) this.#input.bytes.set(tail, length);
    this.#stream.setInput(this.#input.address, isEnd ? length + tail.length : length);
  }

  /** Drops what is kept of a connection that is gone. */
  forget(fd: number): void {
    this.#unfinished.forget(fd);
  }

  raw(): CompressionRaw {
    return this.#counts.raw();
  }
}

/** Whether a stream has stopped where a message may end. */
function hasEnded(stream: ZlibStream, outcome: number): boolean {
  return outcome === outcomes.streamEnd || stream.isBetweenBlocks;
}

function isTextSoFar(decoder: InstanceType<typeof TextDecoder> | null, bytes: Uint8Array, isMore: boolean): boolean {
  if (decoder === null) return true;
  try {
    decoder.decode(bytes, { stream: isMore });
    return true;
  } catch {
    return false;
  }
}
