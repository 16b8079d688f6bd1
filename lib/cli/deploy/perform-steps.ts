import { exitCodes, LabError } from '../../config/lab-error.ts';
import type { LabContext } from '../context.ts';

/** A part of a command that can also be done by hand. */
export interface Step {
  /** What it does, as a phrase such as `deploy the stack`. */
  readonly name: string;
  /** What is there, or goes on by itself, when it was interrupted. */
  readonly whenInterrupted: string;
  readonly run: () => Promise<void>;
}

/**
 * Runs steps one after the other and names each; when interrupted says where it stands and that `command` goes on from there. Gives
 * `interrupted`, or `ok` when all were done. An error of a step passes, after a line that names the step.
 */
export async function performSteps(steps: readonly Step[], command: string, context: LabContext): Promise<number> {
  const { stderr } = context.process;
  for (const [index, { name, whenInterrupted, run }] of steps.entries()) {
    const place = `step ${index + 1} of ${steps.length}`;
    if (!context.interrupted.aborted) {
      stderr.write(`${place}: ${name}\n`);
      try {
        await run();
      } catch (error) {
        if (!context.interrupted.aborted) {
          if (error instanceof LabError) stderr.write(`stopped at ${place} (${name})\n`);
          throw error;
        }
      }
      if (!context.interrupted.aborted) continue;
    }
    stderr.write(`interrupted at ${place} (${name}): ${whenInterrupted}\n${command} continues from there\n`);
    return exitCodes.interrupted;
  }
  return exitCodes.ok;
}
