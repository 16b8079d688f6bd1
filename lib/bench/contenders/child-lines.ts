import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { within } from '../../verify/client/deadline.ts';

const longestSilenceSeconds = 60;

/**
 * Reads a child's standard output line by line: each call waits for the next, `busySeconds` longer than usual where the child has work for
 * so long. Fails when the child ends before, or is silent.
 */
export function lineReader(child: ChildProcess, what: string): (busySeconds?: number) => Promise<string> {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const closed = once(child, 'close');
  return async (busySeconds = 0) => {
    const { done, value } = await within(
      lines.next(),
      `line from ${what}`,
      (longestSilenceSeconds + busySeconds) * 1000,
    );
    if (done === true) throw new Error(`${what} ended with exit code ${(await closed)[0]}`);
    return value;
  };
}
