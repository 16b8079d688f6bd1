import type { AutomationExecution } from '@aws-sdk/client-ssm';
import { setTimeout as pause } from 'node:timers/promises';
import { getExecution, hasEnded, runVerb, stopExecution } from '../execution.ts';
import type { Site } from '../site.ts';

/** How long an execution that is being cancelled is waited for: SSM gives the steps after a cancellation two minutes. */
const cancelPatienceMillis = 150_000;

/** How long collecting, and stopping, are waited for. */
const verbPatienceMillis = 300_000;

/**
 * Cancels an execution and sees that every host collects what it has and stops: the execution does so itself, and where it did not
 * come to its end (a host is lost, two minutes were not enough), the hosts are asked once more. One that has ended already is only
 * looked at. Gives the execution as it is then.
 */
export async function cancelAndCollect(site: Site, executionId: string): Promise<AutomationExecution> {
  const before = await getExecution(site, executionId);
  if (hasEnded(before)) return before;
  await stopExecution(site, executionId);
  const cancelled = await waitForEnd(site, executionId);
  const stop = cancelled.StepExecutions?.find(({ StepName }) => StepName === 'stop');
  if (stop?.StepStatus === 'Success') return cancelled;
  await runVerb(site, 'Collect', { Run: [executionId] }, verbPatienceMillis);
  await runVerb(site, 'Stop', { Run: [executionId] }, verbPatienceMillis);
  return getExecution(site, executionId);
}

async function waitForEnd(site: Site, executionId: string): Promise<AutomationExecution> {
  const deadline = Date.now() + cancelPatienceMillis;
  for (;;) {
    const execution = await getExecution(site, executionId);
    if (hasEnded(execution) || Date.now() > deadline) return execution;
    await pause(site.pollMillis);
  }
}
