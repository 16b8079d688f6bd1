import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnReport, RunningContender } from '../contenders/contender.ts';
import { processIdsOf, usageOfSession } from '../process-usage.ts';

/** How a peer that knows nothing of this benchmark is run. */
export interface Command {
  readonly name: string;
  readonly program: string;
  readonly programArguments: readonly string[];
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The signal on which it ends in order, and writes its report. */
  readonly endSignal: 'SIGINT' | 'SIGTERM' | 'SIGKILL';
  /** Reads its report once it has ended. */
  readonly report: () => OwnReport;
}

const endSeconds = 20;

/** Starts a peer in a session of its own, in its folder, and measures all that runs in that session. */
export function startSession(command: Command): RunningContender {
  const { name, folder } = command;
  const log = join(folder, 'output.log');
  const output = openSync(log, 'w');
  const child = spawn(command.program, command.programArguments, {
    cwd: folder,
    detached: true,
    env: { ...process.env, ...command.environment },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const session = child.pid!;
  const exited = once(child, 'exit');
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const killAll = (): void => {
    for (const pid of processIdsOf(session)) signal(pid, 'SIGKILL');
  };
  // A session of its own outlives the one who started it: not so when the benchmark is interrupted.
  process.once('exit', killAll);
  const kill = async (): Promise<void> => {
    process.off('exit', killAll);
    killAll();
    await exited;
  };
  return {
    usage: () => usageOfSession(session),
    check: () => {
      if (!hasEnded()) return;
      const lines = readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n');
      throw new Error(`${name} ended early, its last lines being:\n${lines}`);
    },
    stop: async () => {
      signal(session, command.endSignal);
      const timer = setTimeout(() => signal(session, 'SIGKILL'), endSeconds * 1000);
      await exited;
      clearTimeout(timer);
      return command.report();
    },
    kill,
  };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}
