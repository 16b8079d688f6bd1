import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { OwnReport, RunningContender, Task } from './contender.ts';
import { lineReader } from './child-lines.ts';
import { usageOf } from '../process-usage.ts';

/** How many handshakes the clients of one process have under way at once. */
const handshakesInFlight = 256;
/** The first local port of a round: below the kernel's own range, above what is listened on. */
export const firstLocalPort = 20_000;

/** A contender that takes a line as well. */
export interface LineContender extends RunningContender {
  /** Gives it a line, which makes it work for so long; the line that it answers. */
  readonly ask: (question: string, busySeconds: number) => Promise<string>;
}

/**
 * Starts a client that takes the arguments of reference-client.c and prints the same lines: one when all connections are
 * open, one for each broadcast that has reached all of them. It ends with its standard input.
 */
export function startLineContender(
  name: string,
  program: string,
  programArguments: readonly string[],
  task: Task,
): LineContender {
  const child = spawn(
    program,
    [
      ...programArguments,
      ...['127.0.0.1', task.port, task.connections, task.source, firstLocalPort, handshakesInFlight].map(String),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const line = lineReader(child, name);
  const spreadsMicros: number[] = [];
  const check = (): void => {
    if (child.exitCode !== null) throw new Error(`${name} ended with exit code ${child.exitCode}`);
  };
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.stdin.end();
    await exited;
  };
  return {
    usage: () => usageOf(child.pid!),
    check,
    opened: async () => {
      const opened = Number((await line()).split(' ')[1]);
      if (opened !== task.connections) throw new Error(`${name} opened ${opened} of ${task.connections}`);
    },
    received: async () => {
      spreadsMicros.push(Number((await line()).split(' ')[2]));
    },
    ask: async (question, busySeconds) => {
      child.stdin.write(`${question}\n`);
      return line(busySeconds);
    },
    stop: async (): Promise<OwnReport> => {
      await end();
      return { spreadsMicros, messages: spreadsMicros.length * task.connections };
    },
    kill: end,
  };
}
