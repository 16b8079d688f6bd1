import { exitCodes } from './exit-codes.ts';

/** Signals that come sooner after the first one are the same: a terminal's reaches npm and the program, and npm passes it on. */
const sameMillis = 1000;

/**
 * Aborted when the process is asked to end (SIGINT, SIGTERM, SIGHUP). Asked once more, it ends at once, and with it the
 * processes it has started, which notice.
 */
export function endSignal(): AbortSignal {
  const end = new AbortController();
  let firstMillis = 0;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!end.signal.aborted) {
        firstMillis = Date.now();
        end.abort();
      } else if (Date.now() - firstMillis > sameMillis) process.exit(exitCodes.interrupted);
    });
  }
  return end.signal;
}
