import { fileURLToPath } from 'node:url';
import type { RunningContender, Task } from './contender.ts';
import { piecesOf } from './driven-phases.ts';
import { startLineContender } from './line-contender.ts';

const insideNode = fileURLToPath(new URL('../reference/inside-node.ts', import.meta.url));

/** Starts the client in C: a program, or a library that runs inside Node. */
export function startReferenceClient(compiled: string, isLibrary: boolean, task: Task): RunningContender {
  const [program, words] = isLibrary ? [process.execPath, [insideNode, compiled]] : [compiled, []];
  const client = startLineContender('the C reference', program, words, task);
  return {
    ...client,
    drive: async (workload, onPhase) => {
      const done: number[] = [];
      for (const phase of workload) {
        const { count, ratePerSecond } = piecesOf(phase, task.connections);
        const question = `${phase.kind} ${count} ${Math.round(ratePerSecond)}`;
        const answer = await client.ask(question, count / ratePerSecond);
        done.push(Number(answer.split(' ')[1]));
        onPhase();
      }
      return done;
    },
  };
}
