import type { AutomationExecution } from '@aws-sdk/client-ssm';
import { setTimeout as pause } from 'node:timers/promises';
import { getExecution, hasEnded, runHostCommand, stopExecution } from '../execution.ts';
import type { LabBackend } from '../lab-backend.ts';

/** How long collecting, and stopping, are waited for. */
const commandPatienceMillis = 300_000;

/**
 * Cancels an execution and sees that every host collects what it has and stops: the execution does so itself, and where it did not
 * come to its end (a host is lost, the time was not enough), hosts that outlive this process are asked once more; others end with it.
 * One that has ended already is only looked at. Gives the execution as it is then. `leaving` is aborted when this process ends after it.
 */
export async function cancelAndCollect(
  backend: LabBackend,
  executionId: string,
  leaving: AbortSignal,
): Promise<AutomationExecution> {
  const before = await getExecution(backend, executionId);
  if (hasEnded(before)) return before;
  await stopExecution(backend, executionId);
  const cancelled = await waitForLastSteps(backend, executionId, leaving);
  if (!backend.detachable) return cancelled;
  const stop = cancelled.StepExecutions?.find(({ StepName }) => StepName === 'stop');
  if (stop?.StepStatus === 'Success') return cancelled;
  await runHostCommand(backend, 'Collect', { Run: [executionId] }, commandPatienceMillis);
  await runHostCommand(backend, 'Stop', { Run: [executionId] }, commandPatienceMillis);
  return getExecution(backend, executionId);
}

/**
 * Waits until an execution that collects and stops has ended, for `cancelMillis` at most; gives it as it is then. Hosts that end with this
 * process need not stop before it leaves: to say goodbye to a million connections takes a server longer than a user waits. While it goes on
 * to other measurements they must, as the hosts are in use until then.
 */
export async function waitForLastSteps(
  backend: LabBackend,
  executionId: string,
  leaving: AbortSignal,
): Promise<AutomationExecution> {
  const deadline = performance.now() + backend.cancelMillis;
  for (;;) {
    const execution = await getExecution(backend, executionId);
    const isCollected = leaving.aborted && !backend.detachable && execution.CurrentStepName === 'stop';
    if (hasEnded(execution) || isCollected || performance.now() > deadline) return execution;
    await pause(backend.pollMillis);
  }
}
