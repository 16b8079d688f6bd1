import { stepAfter } from '../../../documents/schema/rules/step-flow.ts';
import type { Service } from '../service.ts';
import type { Execution, StepRun } from './execution.ts';
import { runStep } from './run-step.ts';

/** How long the steps after a cancellation may take. */
const cancellationWorkflowMillis = 120_000;

/** Runs the steps of an execution to its end. Never rejects. */
export async function runExecution(service: Service, execution: Execution): Promise<void> {
  const { steps, cancellation, abandonment } = execution;
  let release = (): void => {};
  let stopTimer: (() => void) | undefined;
  try {
    release = await service.automationWorkers.acquire(cancellation.signal);
    if (execution.status === 'Pending') execution.status = 'InProgress';
    let index: number | undefined = 0;
    while (index !== undefined && index < steps.length) {
      const run: StepRun | undefined = steps[index];
      if (run === undefined) break;
      const wasCancelled = cancellation.signal.aborted;
      await runStep(service, execution, run, wasCancelled ? abandonment.signal : cancellation.signal);
      if (!wasCancelled && cancellation.signal.aborted) {
        stopTimer = service.clock.after(cancellationWorkflowMillis, () => {
          abandonment.abort();
        });
      }
      if (execution.completing || abandonment.signal.aborted) break;
      index = nextIndex(steps, index, run);
    }
  } catch {
    // Only waiting for a place can throw, when the execution is stopped meanwhile: the status below says so.
  } finally {
    stopTimer?.();
    release();
  }
  settle(service, execution);
}

/** Where the execution goes after a step; nowhere if that was its end. */
function nextIndex(steps: readonly StepRun[], index: number, run: StepRun): number | undefined {
  const { step, status } = run;
  const jump = (name: string): number => steps.findIndex((other) => other.step.name === name);
  if (status === 'Cancelled') {
    const target = stepAfter(step.onCancel);
    if (target !== undefined) return jump(target);
    return step.onCancel === 'Continue' ? index + 1 : undefined;
  }
  if (step.isEnd === true) return undefined;
  if (status === 'Success') {
    const target = run.chosenStep ?? step.nextStep;
    return target === undefined ? index + 1 : jump(target);
  }
  const target = stepAfter(step.onFailure);
  if (target !== undefined) return jump(target);
  return step.onFailure === 'Continue' ? index + 1 : undefined;
}

function settle(service: Service, execution: Execution): void {
  execution.endedAt = service.clock.now();
  const failed = execution.steps.find((run) => isFailure(run) && isCritical(run));
  // An execution that ends because a step that is not critical has failed with onFailure Abort counts as failed too.
  const aborted = execution.steps.find((run) => isFailure(run) && (run.step.onFailure ?? 'Abort') === 'Abort');
  const decisive = failed ?? aborted;
  if (execution.cancellation.signal.aborted) execution.status = 'Cancelled';
  else if (decisive === undefined) execution.status = 'Success';
  else {
    execution.status = decisive.status;
    if (decisive.failureMessage !== undefined) execution.failureMessage = decisive.failureMessage;
  }
}

function isFailure({ status }: StepRun): boolean {
  return status === 'Failed' || status === 'TimedOut';
}

/** Whether the step's failure is the execution's. */
export function isCritical({ step }: StepRun): boolean {
  return step.isCritical ?? step.onFailure !== 'Continue';
}
