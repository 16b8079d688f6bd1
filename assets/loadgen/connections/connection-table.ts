/** What a connection is doing. One byte a descriptor. */
export const free = 0;
/** Has its addresses; its attempt begins with the others of its burst. */
export const bound = 1;
export const connecting = 2;
/** In the middle of a TLS handshake. */
export const securing = 3;
export const upgrading = 4;
export const open = 5;
/** Open, and in the middle of a frame or message: a parser keeps what is needed of it. */
export const openPartialFrame = 6;
/** A close frame has been sent. */
export const closingDown = 7;

/** What is known of each connection, in arrays indexed by descriptor: no object a connection. */
export class ConnectionTable {
  readonly state: Uint8Array;
  /** The connection's number, as it was given when it was begun. */
  readonly connection: Int32Array;
  /** Index of the server port that it goes to. */
  readonly serverPort: Uint16Array;
  /** When the attempt began: microseconds of the monotonic clock. */
  readonly beganMicros: Float64Array;

  /** Highest descriptor that can be a connection, plus one. */
  readonly size: number;

  constructor(size: number) {
    this.size = size;
    this.state = new Uint8Array(size);
    this.connection = new Int32Array(size);
    this.serverPort = new Uint16Array(size);
    this.beganMicros = new Float64Array(size);
  }

  isOpen(fd: number): boolean {
    const state = this.state[fd]!;
    return state === open || state === openPartialFrame;
  }

  /** The next open connection behind a descriptor, round and round; -1 when none is open. */
  nextOpen(fd: number): number {
    for (let n = 1; n <= this.size; n += 1) {
      const next = (fd + n) % this.size;
      if (this.isOpen(next)) return next;
    }
    return -1;
  }

  isOpening(fd: number): boolean {
    const state = this.state[fd]!;
    return state === connecting || state === securing || state === upgrading;
  }
}
