import type { AutomationStep } from '../document.ts';

/** The step that a setting jumps to: the x of `step:x`; undefined for Abort and nothing. */
export function stepAfter(setting: string | undefined): string | undefined {
  return setting?.startsWith('step:') === true ? setting.slice('step:'.length) : undefined;
}

/** Indexes of the steps that some course of the execution can reach. */
export function reachableSteps(steps: readonly AutomationStep[]): ReadonlySet<number> {
  const reached = new Set<number>();
  const waiting = [0];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    const step = steps[index];
    if (step === undefined || reached.has(index)) continue;
    reached.add(index);
    if (step.isEnd !== true) waiting.push(index + 1);
    for (const target of [stepAfter(step.onFailure), stepAfter(step.onCancel)]) {
      if (target !== undefined) waiting.push(steps.findIndex(({ name }) => name === target));
    }
  }
  return reached;
}
