import { pause } from '../clock.ts';
import type { Service } from '../service.ts';
import { substitute, type Lookup } from '../substitution.ts';
import { assertProperty } from './assert-property.ts';
import { StepFailure, type Execution, type StepRun } from './execution.ts';
import { runCommand } from './run-command.ts';

/** Runs a step and writes into it how it went. Aborting the signal cancels it. */
export async function runStep(
  service: Service,
  execution: Execution,
  run: StepRun,
  signal: AbortSignal,
): Promise<void> {
  run.status = 'InProgress';
  run.startedAt = service.clock.now();
  const expired = new AbortController();
  const over = new AbortController();
  const { timeoutSeconds } = run.step;
  void pause(service.clock, timeoutSeconds * 1000, over.signal).then(() => expired.abort());
  const lookup: Lookup = (name) => (name === 'automation:EXECUTION_ID' ? execution.id : execution.values.get(name));
  let status: StepRun['status'] = 'Success';
  try {
    const { step } = run;
    if (step.action === 'aws:runCommand') {
      await runCommand(service, run, substitute(step.inputs, lookup), AbortSignal.any([signal, expired.signal]));
    } else assertProperty(service, substitute(step.inputs, lookup));
  } catch (error) {
    status = 'Failed';
    run.failureMessage = error instanceof StepFailure ? error.message : `Step fails: ${String(error)}`;
  }
  if (expired.signal.aborted) {
    status = 'TimedOut';
    run.failureMessage = `Step timed out while it was running. It has ${timeoutSeconds} seconds.`;
  }
  if (signal.aborted) status = 'Cancelled';
  over.abort();
  run.status = status;
  run.endedAt = service.clock.now();
}
