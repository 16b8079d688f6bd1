/**
 * Preloaded by what run-files.ts runs, so that each file ends, and with all of its report. A write to standard output waits until it is
 * taken: a file is ended by force when its last test is over, and what a busy runner has not read of its report by then would be lost. And
 * another program takes the place of a file that ends: process.exit() waits for V8's threads, of which one that compiles may wait for
 * this one to collect garbage (nodejs/node issue 54918), for ever.
 */
import { argv0, stdout } from 'node:process';

/** What Node's socket of a standard stream is made of (lib/net.js). */
interface OnHandle {
  readonly _handle?: { readonly setBlocking?: (blocking: boolean) => number };
}

const { _handle: handle } = stdout as unknown as OnHandle;
handle?.setBlocking?.(true);

/** What process.exit() calls when all listeners for 'exit' have been called. */
interface ReallyExits {
  reallyExit: (code: number) => never;
}
const exits = process as NodeJS.Process & ReallyExits;
const { reallyExit } = exits;
exits.reallyExit = (code) => {
  process.execve?.('/bin/sh', [argv0, '-c', `exit ${code}`], {});
  return reallyExit.call(process, code);
};
