/**
 * Preloaded by what run-files.ts runs: a write to standard output waits until it is taken. A file is ended by force when its last test is
 * over, and what a busy runner has not read of its report by then would be lost.
 */
import { stdout } from 'node:process';

/** What Node's socket of a standard stream is made of (lib/net.js). */
interface OnHandle {
  readonly _handle?: { readonly setBlocking?: (blocking: boolean) => number };
}

const { _handle: handle } = stdout as unknown as OnHandle;
handle?.setBlocking?.(true);
