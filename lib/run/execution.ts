import {
  AutomationExecutionNotFoundException,
  GetAutomationExecutionCommand,
  GetCommandInvocationCommand,
  InvocationDoesNotExist,
  paginateDescribeAutomationExecutions,
  paginateListCommandInvocations,
  ListCommandsCommand,
  SendCommandCommand,
  StartAutomationExecutionCommand,
  StopAutomationExecutionCommand,
  type AutomationExecution,
  type AutomationExecutionMetadata,
  type CommandInvocation,
  type Target,
} from '@aws-sdk/client-ssm';
import { setTimeout as pause } from 'node:timers/promises';
import { documentName } from '../documents/benchmark.ts';
import type { HostCommandName } from '../documents/host-commands.ts';
import { benchmarkParameters, type MeasurementPlan } from './plan.ts';
import { parseHostStatus, type HostStatus } from './progress.ts';
import type { LabBackend } from './lab-backend.ts';

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

/** Of a backend, what sending commands to its hosts takes. */
type CommandBackend = Pick<LabBackend, 'ssm' | 'lab' | 'pollMillis'>;
type AskedBackend = CommandBackend & Pick<LabBackend, 'silenceMillis'>;

/** How long a command may wait for a host's agent, in seconds: no host is asked for what it will do in an hour. SSM takes 30 at least. */
const deliverySeconds = 60;

/** How long builds are waited for before the first of their servers is measured. */
const buildMillis = 15 * 60_000;

/** Whether an execution has ended, by its status as SSM spells it. */
export function hasEnded({ AutomationExecutionStatus: status }: AutomationExecution): boolean {
  return endedAutomation.has(status ?? '');
}

/** The benchmarks of this lab that run now, whoever started them; the newest first. */
export async function runningBenchmarks(
  backend: Pick<LabBackend, 'ssm' | 'lab'>,
): Promise<readonly AutomationExecutionMetadata[]> {
  const name = documentName(backend.lab, 'Benchmark');
  const running: AutomationExecutionMetadata[] = [];
  const filters = [
    { Key: 'DocumentNamePrefix' as const, Values: [name] },
    { Key: 'ExecutionStatus' as const, Values: ['Pending', 'InProgress', 'Waiting', 'Cancelling'] },
  ];
  for await (const page of paginateDescribeAutomationExecutions({ client: backend.ssm }, { Filters: filters })) {
    running.push(...(page.AutomationExecutionMetadataList ?? []));
  }
  return running.filter(({ DocumentName }) => DocumentName === name);
}

/** Starts the Benchmark document for a plan and gives the id of the execution. */
export async function startBenchmark(backend: LabBackend, plan: MeasurementPlan): Promise<string> {
  const started = await backend.ssm.send(
    new StartAutomationExecutionCommand({
      DocumentName: documentName(backend.lab, 'Benchmark'),
      Parameters: benchmarkParameters(plan, backend.automationRoleArn),
    }),
  );
  if (started.AutomationExecutionId === undefined) throw new Error('SSM started an execution without an id');
  return started.AutomationExecutionId;
}

/** Looks at an execution until it has ended; `onLook` sees every state, and is waited for. Stops waiting (not the execution) when aborted. */
export async function followExecution(
  backend: LabBackend,
  executionId: string,
  onLook: (execution: AutomationExecution) => Promise<void>,
  signal: AbortSignal,
): Promise<AutomationExecution> {
  for (;;) {
    const execution = await getExecution(backend, executionId);
    await onLook(execution);
    if (hasEnded(execution)) return execution;
    await pause(backend.pollMillis, undefined, { signal });
  }
}

/** The execution now. */
export async function getExecution(
  backend: Pick<LabBackend, 'ssm'>,
  executionId: string,
): Promise<AutomationExecution> {
  const answer = await backend.ssm.send(new GetAutomationExecutionCommand({ AutomationExecutionId: executionId }));
  if (answer.AutomationExecution === undefined) throw new Error(`SSM knows no execution ${executionId}`);
  return answer.AutomationExecution;
}

/** Whether SSM still knows an execution; it forgets them after some weeks. */
export async function executionExists(backend: Pick<LabBackend, 'ssm'>, executionId: string): Promise<boolean> {
  try {
    await getExecution(backend, executionId);
    return true;
  } catch (error) {
    if (error instanceof AutomationExecutionNotFoundException) return false;
    throw error;
  }
}

/** Cancels an execution; one that has ended already is left as it is. */
export async function stopExecution(backend: LabBackend, executionId: string): Promise<void> {
  try {
    await backend.ssm.send(new StopAutomationExecutionCommand({ AutomationExecutionId: executionId, Type: 'Cancel' }));
  } catch (error) {
    if (!(error instanceof Error && error.name === 'InvalidAutomationStatusUpdateException')) throw error;
  }
}

/**
 * Runs a command on every host of the lab and waits until it has ended everywhere, for `patienceMillis` at most or until aborted: a host
 * that is lost in the midst of it would else be waited for until the command's own time is over.
 */
export async function runHostCommand(
  backend: CommandBackend,
  command: HostCommandName,
  parameters: Record<string, string[]>,
  patienceMillis: number,
  signal?: AbortSignal,
): Promise<readonly CommandInvocation[]> {
  const targets = { Key: 'tag:c1mlab:lab', Values: [backend.lab.name] };
  return runCommand(backend, { command, parameters, targets }, patienceMillis, signal);
}

/**
 * Builds servers on the server host beside each other, so that their benchmarks find them built. How it went is not looked at: the
 * benchmark of a server that cannot be built says so.
 */
export async function buildServers(
  backend: CommandBackend,
  servers: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const targets = { Key: 'tag:c1mlab:target', Values: [`${backend.lab.name}/server`] };
  const build = (server: string): Promise<unknown> =>
    runCommand(
      backend,
      { command: 'Build', parameters: { Component: [`servers/${server}`] }, targets },
      buildMillis,
      signal,
    );
  await Promise.all(servers.map(build));
}

async function runCommand(
  backend: CommandBackend,
  {
    command,
    parameters,
    targets,
  }: { readonly command: HostCommandName; readonly parameters: Record<string, string[]>; readonly targets: Target },
  patienceMillis: number,
  signal?: AbortSignal,
): Promise<readonly CommandInvocation[]> {
  const deadline = Date.now() + patienceMillis;
  const sent = await backend.ssm.send(
    new SendCommandCommand({
      DocumentName: documentName(backend.lab, command),
      Targets: [targets],
      Parameters: parameters,
      MaxConcurrency: '100%',
      MaxErrors: '100%',
      TimeoutSeconds: deliverySeconds,
    }),
  );
  const id = sent.Command?.CommandId;
  for (;;) {
    const { Commands: commands } = await backend.ssm.send(new ListCommandsCommand({ CommandId: id }));
    if (endedCommand.has(commands?.[0]?.Status ?? '') || Date.now() > deadline) break;
    await pause(Math.min(backend.pollMillis, 1000), undefined, { signal }).catch(() => undefined);
    if (signal?.aborted === true) break;
  }
  return id === undefined ? [] : listInvocations(backend, id);
}

/** A command on each host that it was sent to. */
export async function listInvocations(
  backend: Pick<LabBackend, 'ssm'>,
  commandId: string,
): Promise<readonly CommandInvocation[]> {
  const invocations: CommandInvocation[] = [];
  for await (const page of paginateListCommandInvocations({ client: backend.ssm }, { CommandId: commandId })) {
    invocations.push(...(page.CommandInvocations ?? []));
  }
  return invocations;
}

/** What every host is doing now; a host that does not answer in time is left out. */
export async function askStatus(
  backend: AskedBackend,
  executionId: string,
  signal?: AbortSignal,
): Promise<readonly HostStatus[]> {
  const invocations = await runHostCommand(backend, 'Status', { Run: [executionId] }, backend.silenceMillis, signal);
  const outputs = await Promise.all(
    invocations.map(async ({ CommandId, InstanceId }) => {
      // Lists cut outputs at 2 500 characters; one invocation has up to 24 000.
      try {
        const answer = await backend.ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId }));
        return answer.StandardOutputContent ?? '';
      } catch (error) {
        if (error instanceof InvocationDoesNotExist) return '';
        throw error;
      }
    }),
  );
  return outputs.map(parseHostStatus).filter((status) => status !== null);
}
