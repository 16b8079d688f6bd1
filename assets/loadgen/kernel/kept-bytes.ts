/** One connection's: more than any message (1 MiB) and its frame, and than the kernel's own buffer in most places. */
const mostOfAConnection = 2 ** 21;
/** Of all connections of a process. */
const mostOfAll = 64 * 2 ** 20;
const smallestBuffer = 256;

interface Waiting {
  buffer: Buffer;
  start: number;
  end: number;
}

/** Bytes that wait, by connection: what the kernel has not taken yet, say. They are bounded: no server may fill the memory. */
export class KeptBytes {
  readonly #waiting = new Map<number, Waiting>();
  #total = 0;

  /** How many connections have any. */
  get connections(): number {
    return this.#waiting.size;
  }

  /** Whether a connection has any. */
  has(fd: number): boolean {
    return this.#waiting.has(fd);
  }

  /** Whether so many bytes more of a connection would not be too much. */
  hasRoom(fd: number, bytes: number): boolean {
    const waiting = this.#waiting.get(fd);
    const own = waiting === undefined ? 0 : waiting.end - waiting.start;
    return own + bytes <= mostOfAConnection && this.#total + bytes <= mostOfAll;
  }

  /** Adds a copy; false (and nothing is added) when that would be too much. */
  append(fd: number, bytes: Uint8Array): boolean {
    const waiting = this.#waiting.get(fd) ?? { buffer: Buffer.alloc(0), start: 0, end: 0 };
    const length = waiting.end - waiting.start + bytes.length;
    if (!this.hasRoom(fd, bytes.length)) return false;
    if (waiting.end + bytes.length > waiting.buffer.length) {
      const grown = Buffer.alloc(Math.max(smallestBuffer, 2 * length));
      waiting.buffer.copy(grown, 0, waiting.start, waiting.end);
      waiting.buffer = grown;
      waiting.end -= waiting.start;
      waiting.start = 0;
    }
    waiting.buffer.set(bytes, waiting.end);
    waiting.end += bytes.length;
    this.#waiting.set(fd, waiting);
    this.#total += bytes.length;
    return true;
  }

  /** The first bytes of a connection, `most` of them at most; none when it has none. */
  first(fd: number, most: number): Buffer {
    const waiting = this.#waiting.get(fd);
    if (waiting === undefined) return Buffer.alloc(0);
    return waiting.buffer.subarray(waiting.start, Math.min(waiting.end, waiting.start + most));
  }

  /** Drops the first `count` bytes of a connection. */
  drop(fd: number, count: number): void {
    const waiting = this.#waiting.get(fd);
    if (waiting === undefined) return;
    waiting.start += count;
    this.#total -= count;
    if (waiting.start === waiting.end) this.#waiting.delete(fd);
  }

  /** Drops all of a connection. */
  forget(fd: number): void {
    const waiting = this.#waiting.get(fd);
    if (waiting !== undefined) this.drop(fd, waiting.end - waiting.start);
  }
}
