import type { FailureCause } from '../raw.ts';

/** What happens to connections, called from poll() and while they begin. */
export interface ConnectionEvents {
  /** The handshake has been checked. */
  opened(fd: number, connection: number): void;
  /** An attempt failed; the descriptor is closed. The server asked for as many seconds until the next, 0 when it did not. */
  connectFailed(connection: number, cause: FailureCause, retryAfterSeconds: number): void;
  /** A connection that said goodbye has gone; the descriptor as for {@link lost}. */
  left?(fd: number): void;
  /** An open connection is gone; the descriptor is still valid as an index, and closed after the call. */
  lost(fd: number, cause: FailureCause): void;
  /**
   * A message. `tail` is how many bytes of it follow the range, which have been found to be {@link isPadding}: 0 for a message
   * that the range holds whole, minus their number where they were something else.
   */
  message(fd: number, opcode: number, bytes: Uint8Array, start: number, end: number, tail: number): void;
  /** A pong; one that nobody asked for needs no answer (RFC 6455, section 5.5.3). */
  pong?(fd: number, bytes: Uint8Array, start: number, end: number): void;
}
