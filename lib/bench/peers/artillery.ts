import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningContender, Task } from '../contenders/contender.ts';
import { startSession } from './session.ts';

// More than it can open: what it opens in a second is its own doing.
const arrivalsPerSecond = 5000;

/** Starts artillery's WebSocket engine, which counts what comes, but does not time it. */
export function startArtillery(program: string, task: Task): RunningContender {
  const script = join(task.folder, 'script.json');
  writeFileSync(script, JSON.stringify(scriptOf(task)));
  return startSession({
    name: 'artillery',
    program: process.execPath,
    programArguments: [program, 'run', '--quiet', script],
    folder: task.folder,
    environment: { ARTILLERY_DISABLE_TELEMETRY: 'true', HOME: task.folder },
    endSignal: 'SIGKILL',
    report: () => ({ spreadsMicros: null, messages: null }),
  });
}

function scriptOf({ port, connections }: Task): object {
  const duration = Math.ceil(connections / arrivalsPerSecond);
  return {
    config: { target: `ws://127.0.0.1:${port}/`, phases: [{ duration, arrivalCount: connections }] },
    scenarios: [{ engine: 'ws', flow: [{ think: 3600 }] }],
  };
}
