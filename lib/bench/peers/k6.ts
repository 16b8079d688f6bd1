import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OwnReport, RunningContender, Task } from '../contenders/contender.ts';
import { startSession } from './session.ts';

const connectionsAUser = 1000;

/** Starts k6 with some virtual users, of a thousand connections each: one connection a user would take far more memory. */
export function startK6(program: string, mostConnections: number, task: Task): RunningContender {
  const summary = join(task.folder, 'summary.json');
  return startSession({
    name: 'k6',
    program,
    programArguments: [
      'run',
      '--quiet',
      '--no-usage-report',
      '--address',
      '', // no control port
      '--summary-export',
      summary,
      fileURLToPath(new URL('k6-script.js', import.meta.url)),
    ],
    folder: task.folder,
    environment: {
      URL: `ws://127.0.0.1:${task.port}/`,
      CONNECTIONS: String(task.connections),
      USERS: String(Math.ceil(mostConnections / connectionsAUser)),
      BROADCASTS: String(task.broadcasts),
      HOME: task.folder,
    },
    endSignal: 'SIGINT',
    report: () => reportOf(readFileSync(summary, 'utf8'), task.broadcasts),
  });
}

function reportOf(summary: string, broadcasts: number): OwnReport {
  const { metrics } = JSON.parse(summary) as {
    readonly metrics: Readonly<
      Record<string, { readonly count?: number; readonly min?: number; readonly max?: number }>
    >;
  };
  const spreadsMicros = Array.from({ length: broadcasts }, (_, seq) => {
    const { min, max } = metrics[`arrival_${seq}`] ?? {};
    return ((max ?? Number.NaN) - (min ?? Number.NaN)) * 1000;
  });
  return { spreadsMicros, messages: metrics['broadcast_messages']?.count ?? 0 };
}
