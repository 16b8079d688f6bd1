import type { AutomationExecution } from '@aws-sdk/client-ssm';
import { setTimeout as pause } from 'node:timers/promises';
import { getExecution, hasEnded, runVerb, stopExecution } from '../execution.ts';
import type { Site } from '../site.ts';

/** How long an execution that is being cancelled is waited for: one of its hosts may never answer again. */
const cancelPatienceMillis = 60_000;

/** How long collecting, and stopping, are waited for. */
const verbPatienceMillis = 300_000;

/**
 * Cancels an execution and lets every host collect what it has and stop: a cancelled execution runs none of its later steps. One
 * that has ended already is only looked at. Gives the execution as it is then.
 */
export async function cancelAndCollect(site: Site, executionId: string): Promise<AutomationExecution> {
  const before = await getExecution(site, executionId);
  if (hasEnded(before)) return before;
  await stopExecution(site, executionId);
  await runVerb(site, 'Collect', { Run: [executionId] }, verbPatienceMillis);
  await runVerb(site, 'Stop', { Run: [executionId] }, verbPatienceMillis);
  const deadline = Date.now() + cancelPatienceMillis;
  for (;;) {
    const execution = await getExecution(site, executionId);
    if (hasEnded(execution) || Date.now() > deadline) return execution;
    await pause(site.pollMillis);
  }
}
