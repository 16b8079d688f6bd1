import type { AutomationStep } from '../automation-document.ts';

/** A place in a step that names another step. */
export interface Jump {
  /** Relative to the step: `nextStep`, `inputs.Choices[0].NextStep`. */
  readonly path: string;
  readonly target: string;
}

/** Every step that this one names, with the place that names it. */
export function jumpsOf(step: AutomationStep): readonly Jump[] {
  const jumps: Jump[] = [];
  if (step.nextStep !== undefined) jumps.push({ path: 'nextStep', target: step.nextStep });
  for (const path of ['onFailure', 'onCancel'] as const) {
    const target = stepAfter(step[path]);
    if (target !== undefined) jumps.push({ path, target });
  }
  if (step.action === 'aws:branch') {
    step.inputs.Choices.forEach((choice, index) => {
      jumps.push({ path: `inputs.Choices[${index}].NextStep`, target: choice.NextStep });
    });
    if (step.inputs.Default !== undefined) jumps.push({ path: 'inputs.Default', target: step.inputs.Default });
  }
  return jumps;
}

/** The x of `step:x`; undefined for Abort, Continue and nothing. */
export function stepAfter(setting: string | undefined): string | undefined {
  return setting?.startsWith('step:') === true ? setting.slice('step:'.length) : undefined;
}

/** Whether the step hands over to the next one of the document in some case. */
export function fallsThrough(step: AutomationStep): boolean {
  if (step.isEnd === true) return false;
  if (step.onFailure === 'Continue' || step.onCancel === 'Continue') return true;
  if (step.nextStep !== undefined) return false;
  return step.action !== 'aws:branch' || step.inputs.Default === undefined;
}

/** Indexes of the steps that some course of the execution can reach. */
export function reachableSteps(steps: readonly AutomationStep[]): ReadonlySet<number> {
  const reached = new Set<number>();
  const waiting = [0];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    const step = steps[index];
    if (step === undefined || reached.has(index)) continue;
    reached.add(index);
    if (fallsThrough(step)) waiting.push(index + 1);
    for (const { target } of jumpsOf(step)) waiting.push(steps.findIndex((other) => other.name === target));
  }
  return reached;
}
