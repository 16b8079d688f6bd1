import type { AutomationExecution } from '@aws-sdk/client-ssm';
import { setTimeout as pause } from 'node:timers/promises';
import { getExecution, hasEnded, runHostCommand, stopExecution } from '../execution.ts';
import type { LabBackend } from '../lab-backend.ts';

/** How long collecting, and stopping, are waited for. */
const commandPatienceMillis = 300_000;

/**
 * Cancels an execution and sees that every host collects what it has and stops: the execution does so itself, and where it did not
 * come to its end (a host is lost, the time was not enough), hosts that outlive this process are asked once more; others end with it.
 * One that has ended already is only looked at. Gives the execution as it is then.
 */
export async function cancelAndCollect(backend: LabBackend, executionId: string): Promise<AutomationExecution> {
  const before = await getExecution(backend, executionId);
  if (hasEnded(before)) return before;
  await stopExecution(backend, executionId);
  const cancelled = await waitForEnd(backend, executionId);
  if (!backend.detachable) return cancelled;
  const stop = cancelled.StepExecutions?.find(({ StepName }) => StepName === 'stop');
  if (stop?.StepStatus === 'Success') return cancelled;
  await runHostCommand(backend, 'Collect', { Run: [executionId] }, commandPatienceMillis);
  await runHostCommand(backend, 'Stop', { Run: [executionId] }, commandPatienceMillis);
  return getExecution(backend, executionId);
}

/** Waits for the end of an execution that collects and stops, as long as that may take; gives it as it is then. */
export async function waitForEnd(backend: LabBackend, executionId: string): Promise<AutomationExecution> {
  const deadline = Date.now() + backend.cancelMillis;
  for (;;) {
    const execution = await getExecution(backend, executionId);
    if (hasEnded(execution) || Date.now() > deadline) return execution;
    await pause(backend.pollMillis);
  }
}
