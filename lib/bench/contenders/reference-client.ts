import type { RunningContender, Task } from './contender.ts';
import { piecesOf } from './driven-phases.ts';
import { startLineContender } from './line-contender.ts';

/** Starts the client in C. */
export function startReferenceClient(program: string, task: Task): RunningContender {
  const client = startLineContender('the C reference', program, [], task);
  return {
    ...client,
    drive: async (workload, onPhase) => {
      const done: number[] = [];
      for (const phase of workload) {
        const { count, ratePerSecond } = piecesOf(phase, task.connections);
        const answer = await client.ask(`${phase.kind} ${count} ${Math.round(ratePerSecond)}`);
        done.push(Number(answer.split(' ')[1]));
        onPhase();
      }
      return done;
    },
  };
}
