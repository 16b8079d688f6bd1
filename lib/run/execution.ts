import {
  GetAutomationExecutionCommand,
  GetCommandInvocationCommand,
  InvocationDoesNotExist,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  StartAutomationExecutionCommand,
  StopAutomationExecutionCommand,
  type AutomationExecution,
  type CommandInvocation,
} from '@aws-sdk/client-ssm';
import { setTimeout as pause } from 'node:timers/promises';
import { documentName } from '../documents/benchmark.ts';
import type { VerbName } from '../documents/verbs.ts';
import { benchmarkParameters, type MeasurementPlan } from './plan.ts';
import { parseHostStatus, type HostStatus } from './progress.ts';
import type { Site } from './site.ts';

/** Statuses in which an automation execution or a command has ended, as SSM spells them. */
const endedAutomation = new Set([
  'Success',
  'Failed',
  'TimedOut',
  'Cancelled',
  'CompletedWithSuccess',
  'CompletedWithFailure',
]);
const endedCommand = new Set(['Success', 'Failed', 'TimedOut', 'Cancelled']);

/** Starts the Benchmark document for a plan and gives the id of the execution. */
export async function startBenchmark(site: Site, plan: MeasurementPlan): Promise<string> {
  const started = await site.ssm.send(
    new StartAutomationExecutionCommand({
      DocumentName: documentName(site.lab, 'Benchmark'),
      Parameters: benchmarkParameters(plan),
    }),
  );
  if (started.AutomationExecutionId === undefined) throw new Error('SSM started an execution without an id');
  return started.AutomationExecutionId;
}

/** Looks at an execution until it has ended; `onLook` sees every state. Stops waiting (not the execution) when aborted. */
export async function followExecution(
  site: Site,
  executionId: string,
  onLook: (execution: AutomationExecution) => void,
  signal: AbortSignal,
): Promise<AutomationExecution> {
  for (;;) {
    const execution = await getExecution(site, executionId);
    onLook(execution);
    if (endedAutomation.has(execution.AutomationExecutionStatus ?? '')) return execution;
    await pause(site.pollMillis, undefined, { signal });
  }
}

/** The execution now. */
export async function getExecution(site: Site, executionId: string): Promise<AutomationExecution> {
  const answer = await site.ssm.send(new GetAutomationExecutionCommand({ AutomationExecutionId: executionId }));
  if (answer.AutomationExecution === undefined) throw new Error(`SSM knows no execution ${executionId}`);
  return answer.AutomationExecution;
}

/** Cancels an execution; one that has ended already is left as it is. */
export async function stopExecution(site: Site, executionId: string): Promise<void> {
  try {
    await site.ssm.send(new StopAutomationExecutionCommand({ AutomationExecutionId: executionId, Type: 'Cancel' }));
  } catch (error) {
    if (!(error instanceof Error && error.name === 'InvalidAutomationStatusUpdateException')) throw error;
  }
}

/** Runs a verb on every host of the lab and waits until it has ended everywhere. */
export async function runVerb(
  site: Site,
  verb: VerbName,
  parameters: Record<string, string[]>,
): Promise<readonly CommandInvocation[]> {
  const sent = await site.ssm.send(
    new SendCommandCommand({
      DocumentName: documentName(site.lab, verb),
      Targets: [{ Key: 'tag:c1mlab:lab', Values: [site.lab.name] }],
      Parameters: parameters,
      MaxErrors: '100%',
    }),
  );
  const id = sent.Command?.CommandId;
  for (;;) {
    const { Commands: commands } = await site.ssm.send(new ListCommandsCommand({ CommandId: id }));
    if (endedCommand.has(commands?.[0]?.Status ?? '')) break;
    await pause(Math.min(site.pollMillis, 100));
  }
  const listed = await site.ssm.send(new ListCommandInvocationsCommand({ CommandId: id, Details: true }));
  return listed.CommandInvocations ?? [];
}

/** What every host is doing now; a host that does not answer is left out. */
export async function askStatus(site: Site, executionId: string): Promise<readonly HostStatus[]> {
  const invocations = await runVerb(site, 'Status', { Run: [executionId] });
  const outputs = await Promise.all(
    invocations.map(async ({ CommandId, InstanceId }) => {
      // Lists cut outputs at 2 500 characters; one invocation has up to 24 000.
      try {
        const answer = await site.ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId }));
        return answer.StandardOutputContent ?? '';
      } catch (error) {
        if (error instanceof InvocationDoesNotExist) return '';
        throw error;
      }
    }),
  );
  return outputs.map(parseHostStatus).filter((status) => status !== null);
}
