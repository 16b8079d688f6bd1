import { referencesIn } from '../../../documents/schema/references.ts';
import type { Service } from '../service.ts';
import { substitute } from '../substitution.ts';
import { branch, type BranchInputs } from './branch.ts';
import { StepFailure, type Execution, type StepResult, type StepRun } from './execution.ts';
import { runCommand } from './run-command.ts';
import { sleep } from './sleep.ts';
import { lookUp } from './variables.ts';

/** Runs a step with all its attempts and writes into it how it went. Aborting the signal cancels it. */
export async function runStep(
  service: Service,
  execution: Execution,
  run: StepRun,
  signal: AbortSignal,
): Promise<void> {
  run.status = 'InProgress';
  run.startedAt = service.clock.now();
  for (let attempts = run.step.maxAttempts ?? 1; attempts > 0; attempts -= 1) {
    run.status = await attempt(service, execution, run, signal);
    if (run.status === 'Success' || run.status === 'Cancelled') break;
  }
  run.endedAt = service.clock.now();
}

async function attempt(
  service: Service,
  execution: Execution,
  run: StepRun,
  signal: AbortSignal,
): Promise<'Success' | 'Failed' | 'TimedOut' | 'Cancelled'> {
  const expired = new AbortController();
  const { timeoutSeconds } = run.step;
  // Without timeoutSeconds a step has all the time it wants; its Command document has a limit of its own.
  const stopTimer =
    timeoutSeconds === undefined
      ? undefined
      : service.clock.after(timeoutSeconds * 1000, () => {
          expired.abort();
        });
  let failureMessage: string | undefined;
  try {
    run.inputs = resolveInputs(service, execution, run);
    const result = await act(service, run, AbortSignal.any([signal, expired.signal]));
    run.outputs = result.outputs;
    if (result.chosenStep !== undefined) run.chosenStep = result.chosenStep;
  } catch (error) {
    failureMessage = error instanceof StepFailure ? error.message : `Step fails: ${String(error)}`;
  } finally {
    stopTimer?.();
  }
  if (expired.signal.aborted) failureMessage = `Step timed out while it was running. It has ${timeoutSeconds} seconds.`;
  if (failureMessage === undefined) delete run.failureMessage;
  else run.failureMessage = failureMessage;
  if (signal.aborted) return 'Cancelled';
  if (expired.signal.aborted) return 'TimedOut';
  return failureMessage === undefined ? 'Success' : 'Failed';
}

function resolveInputs(service: Service, execution: Execution, run: StepRun): Readonly<Record<string, unknown>> {
  const missing = referencesIn(run.step.inputs, 'inputs').find(
    ({ name }) => lookUp(service, execution, name) === undefined,
  );
  if (missing !== undefined) {
    throw new StepFailure(`Step fails when it is resolving ${missing.path}: {{ ${missing.name} }} has no value.`);
  }
  return substitute(run.step.inputs, (name) => lookUp(service, execution, name)) as Readonly<Record<string, unknown>>;
}

async function act(service: Service, run: StepRun, signal: AbortSignal): Promise<StepResult> {
  const { action } = run.step;
  if (action === 'aws:runCommand') return runCommand(service, run, signal);
  // Substitution keeps the shape that the document was checked for.
  if (action === 'aws:branch') return branch(run.inputs as unknown as BranchInputs);
  return sleep(String(run.inputs['Duration']), service.clock, signal);
}
