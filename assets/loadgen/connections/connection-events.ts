import type { FailureCause } from '../raw.ts';

/** What happens to connections, called while they take a turn or begin. */
export interface ConnectionEvents {
  /** The handshake has been checked. */
  opened(fd: number, connection: number): void;
  /** An attempt failed; the descriptor is closed. */
  connectFailed(connection: number, cause: FailureCause): void;
  /** An open connection is gone; the descriptor is still valid as an index, and closed after the call. */
  lost(fd: number, cause: FailureCause): void;
  /** A whole message that is short enough to be one of ours. */
  message(fd: number, opcode: number, bytes: Uint8Array, start: number, end: number): void;
  /** A message of more than 256 bytes went by; it is not kept. */
  longMessage(fd: number): void;
}
