import { allocate, type Memory } from '../kernel/libc.ts';
import { insideNode } from '../kernel/native-calls.ts';

// Node's own zlib, as for OpenSSL: the program exports it, or is linked with the shared library. A message through node:zlib takes
// 11 to 25 us, as each makes a stream of its own; through a stream that is kept, 0.7 us.
const find = (definition: string) => insideNode({ by: '--deflate', library: 'zlib', shared: 'libz.so.1' }, definition);

type OnStream = (stream: number) => number;
type StreamStep = (stream: number, flush: number) => number;

const beginInflate: (stream: number, windowBits: number, version: string, size: number) => number = find(
  'int inflateInit2_(int64_t, int, const char *, int)',
);
const beginDeflate: (
  stream: number,
  level: number,
  method: number,
  windowBits: number,
  memoryLevel: number,
  strategy: number,
  version: string,
  size: number,
) => number = find('int deflateInit2_(int64_t, int, int, int, int, int, const char *, int)');
const resetInflate: OnStream = find('int inflateReset(int64_t)');
const resetDeflate: OnStream = find('int deflateReset(int64_t)');
const stepInflate: StreamStep = find('int inflate(int64_t, int)');
const stepDeflate: StreamStep = find('int deflate(int64_t, int)');

/** What zlib returns, of zlib.h. */
export const outcomes = { ok: 0, streamEnd: 1, bufferError: -5 } as const;

const version = '1.2';
const streamBytes = 112;
const syncFlush = 2;
/** No header and no checksum around the data, and the largest window. */
const rawWindow = -15;
const deflated = 8;
const defaultMemory = 8;
/** The load generator is not what is measured: it compresses as fast as it can. */
const fastest = 1;
/** Bit of data_type: inflate() has stopped between two blocks. */
const betweenBlocks = 128;

/** A z_stream of zlib.h: raw deflate data, flushed to a byte's boundary after each message. */
export class ZlibStream {
  readonly #memory: Memory = allocate(streamBytes);
  readonly #addresses = new BigUint64Array(this.#memory.bytes.buffer);
  readonly #words = new Uint32Array(this.#memory.bytes.buffer);
  readonly #reset: OnStream;
  readonly #step: StreamStep;

  /** Throws when there is no memory for it. */
  constructor(direction: 'inflate' | 'deflate') {
    const { address } = this.#memory;
    const isInflate = direction === 'inflate';
    this.#reset = isInflate ? resetInflate : resetDeflate;
    this.#step = isInflate ? stepInflate : stepDeflate;
    const begun = isInflate
      ? beginInflate(address, rawWindow, version, streamBytes)
      : beginDeflate(address, fastest, deflated, rawWindow, defaultMemory, 0, version, streamBytes);
    if (begun !== outcomes.ok) throw new Error(`zlib cannot ${direction}: ${begun}`);
  }

  /** Forgets all that it has seen. */
  reset(): void {
    this.#reset(this.#memory.address);
  }

  // next_in at 0, avail_in at 8, next_out at 24, avail_out at 32, data_type at 88.
  /** Where it reads next, and how much is there. */
  setInput(address: number, bytes: number): void {
    this.#addresses[0] = BigInt(address);
    this.#words[2] = bytes;
  }

  /** Where it writes next, and how much room is there. */
  setOutput(address: number, bytes: number): void {
    this.#addresses[3] = BigInt(address);
    this.#words[8] = bytes;
  }

  /** Goes on until input or room is used up; one of {@link outcomes}, or another number below 0. */
  step(): number {
    return this.#step(this.#memory.address, syncFlush);
  }

  get inputLeft(): number {
    return this.#words[2]!;
  }

  get roomLeft(): number {
    return this.#words[8]!;
  }

  /** Whether inflating has stopped where a block has ended and the next has not begun. */
  get isBetweenBlocks(): boolean {
    return (this.#words[22]! & betweenBlocks) !== 0;
  }
}
