import { stepAfter } from '../../../documents/schema/rules/step-flow.ts';
import type { Service } from '../service.ts';
import type { Execution, StepRun } from './execution.ts';
import { runStep } from './run-step.ts';

/** How long the steps after a cancellation may take. */
const cancellationWorkflowMillis = 120_000;

/** Runs the steps of an execution to its end. Never rejects. */
export async function runExecution(service: Service, execution: Execution): Promise<void> {
  const { steps, cancellation, abandonment } = execution;
  let stopTimer: (() => void) | undefined;
  execution.status = 'InProgress';
  let index: number | undefined = 0;
  while (index !== undefined) {
    const run: StepRun | undefined = steps[index];
    if (run === undefined || abandonment.signal.aborted) break;
    const wasCancelled = cancellation.signal.aborted;
    await runStep(service, execution, run, wasCancelled ? abandonment.signal : cancellation.signal);
    if (!wasCancelled && cancellation.signal.aborted) {
      stopTimer = service.clock.after(cancellationWorkflowMillis, () => {
        abandonment.abort();
      });
    }
    index = nextIndex(steps, index, run);
  }
  stopTimer?.();
  settle(service, execution);
}

/** Where the execution goes after a step; nowhere if that was its end. */
function nextIndex(steps: readonly StepRun[], index: number, { step, status }: StepRun): number | undefined {
  if (status !== 'Cancelled' && step.isEnd === true) return undefined;
  if (status === 'Success') return index + 1;
  const target = stepAfter(status === 'Cancelled' ? step.onCancel : step.onFailure);
  return target === undefined ? undefined : steps.findIndex((other) => other.step.name === target);
}

/** The first step that failed decides, whatever followed it. */
function settle(service: Service, execution: Execution): void {
  execution.endedAt = service.clock.now();
  const failed = execution.steps.find(({ status }) => status === 'Failed' || status === 'TimedOut');
  if (execution.cancellation.signal.aborted) execution.status = 'Cancelled';
  else execution.status = failed?.status ?? 'Success';
  if (failed?.failureMessage !== undefined) execution.failureMessage = failed.failureMessage;
}
