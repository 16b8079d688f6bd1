import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetAutomationExecutionCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  SSMClient,
  StartAutomationExecutionCommand,
  type AutomationExecution,
  type Command,
  type CommandInvocation,
  type GetCommandInvocationResult,
} from '@aws-sdk/client-ssm';
import type { TestContext } from 'node:test';
import { hostsOf } from '../../../lib/config/hosts.ts';
import { articleLab } from '../../../lib/config/lab.ts';
import { hostTags } from '../../../lib/config/host/tags.ts';
import type { CommandDocument, NamedDocument, ShellStep } from '../../../lib/documents/schema/document.ts';
import { createSsmRequestHandler, type SsmRequestHandler } from '../../../lib/local/ssm/request-handler.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { createProcessHost, type ProcessHost } from './process-host.ts';
import { until } from '../../until.ts';

/** The names and instance ids of the article's lab, with the tags that its hosts have. */
export const hostIds = { server: 'i-00000001', 'load-1': 'i-00000002', 'load-2': 'i-00000000000000003' } as const;
export type HostName = keyof typeof hostIds;

/** A local SSM with the hosts of the article's lab, driven through the SDK's own client. */
export interface TestLab {
  readonly ssm: SSMClient;
  readonly handler: SsmRequestHandler;
  readonly clock: ManualClock;
  readonly hosts: Readonly<Record<HostName, ProcessHost>>;
  /** An empty folder, removed after the test; on the hosts it stands for `/opt/c1mlab`. */
  readonly folder: string;
}

/** A lab with these documents, which ends with the test; `missing` hosts were never heard of. */
export async function createTestLab(
  t: TestContext,
  documents: readonly NamedDocument[],
  missing: readonly HostName[] = [],
): Promise<TestLab> {
  const folder = await mkdtemp(join(tmpdir(), 'c1mlab-ssm-'));
  const entries = hostsOf(articleLab).map((host) => {
    const name = host.name as HostName;
    const identity = { instanceId: hostIds[name], name, tags: hostTags(articleLab, host) };
    return [name, createProcessHost(folder, identity)] as const;
  });
  const clock = createManualClock();
  const handler = createSsmRequestHandler({
    documents,
    hosts: entries.filter(([name]) => !missing.includes(name)).map(([, host]) => host),
    clock,
    managementDocuments: new Set(['Managed']),
    region: 'eu-west-1',
  });
  const credentials = { accessKeyId: 'none', secretAccessKey: 'none' };
  const ssm = new SSMClient({ region: 'eu-west-1', credentials, requestHandler: handler });
  t.after(async () => {
    await handler.close();
    await rm(folder, { recursive: true });
  });
  return { ssm, handler, clock, hosts: Object.fromEntries(entries) as Record<HostName, ProcessHost>, folder };
}

/** A Command document of these lines; on a host `/opt/c1mlab` is the lab's folder. */
export function script(
  lines: readonly string[],
  inputs: Partial<ShellStep['inputs']> = {},
  parameters: CommandDocument['parameters'] = {},
): CommandDocument {
  const step: ShellStep = { name: 'script', action: 'aws:runShellScript', inputs: { runCommand: lines, ...inputs } };
  return { schemaVersion: '2.2', description: 'A test.', parameters, mainSteps: [step] };
}

/** Sends a command to one host, or to every one, and gives its id. */
export async function send(
  lab: TestLab,
  DocumentName: string,
  host: HostName | 'all' = 'server',
  Parameters: Record<string, string[]> = {},
  MaxErrors: '0' | '100%' = '0',
): Promise<string> {
  const target =
    host === 'all' ? { Key: 'tag:c1mlab:lab', Values: ['C1mLab'] } : { Key: 'tag:Name', Values: [`C1mLab/${host}`] };
  const { Command: command } = await lab.ssm.send(
    new SendCommandCommand({
      DocumentName,
      Targets: [target],
      Parameters,
      TimeoutSeconds: 60,
      MaxConcurrency: '100%',
      MaxErrors,
    }),
  );
  return command?.CommandId ?? '';
}

/** A command as it is now. */
export async function commandOf(lab: TestLab, CommandId: string): Promise<Command> {
  return (await lab.ssm.send(new ListCommandsCommand({ CommandId }))).Commands?.[0] ?? {};
}

/** The command, once it is over on all hosts. */
export async function commandOver(lab: TestLab, id: string): Promise<Command> {
  return until(`command ${id} is over`, async () => {
    const command = await commandOf(lab, id);
    return ['Pending', 'InProgress', 'Cancelling'].includes(command.Status ?? '') ? undefined : command;
  });
}

/** The invocations of a command. */
export async function invocationsOf(lab: TestLab, CommandId: string): Promise<readonly CommandInvocation[]> {
  return (await lab.ssm.send(new ListCommandInvocationsCommand({ CommandId }))).CommandInvocations ?? [];
}

/** How a command went on a host. */
export async function resultOf(
  lab: TestLab,
  CommandId: string,
  host: HostName = 'server',
): Promise<GetCommandInvocationResult> {
  return lab.ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: hostIds[host] }));
}

/** Sends a command to the server and gives its result once it is over. */
export async function run(
  lab: TestLab,
  name: string,
  parameters: Record<string, string[]> = {},
): Promise<GetCommandInvocationResult> {
  const id = await send(lab, name, 'server', parameters);
  await commandOver(lab, id);
  return resultOf(lab, id);
}

/** Starts an execution and gives its id. */
export async function start(lab: TestLab, name: string, parameters: Record<string, string[]> = {}): Promise<string> {
  const answer = await lab.ssm.send(
    new StartAutomationExecutionCommand({ DocumentName: name, Parameters: parameters }),
  );
  return answer.AutomationExecutionId ?? '';
}

/** An execution as it is now. */
export async function execution(lab: TestLab, AutomationExecutionId: string): Promise<AutomationExecution> {
  const answer = await lab.ssm.send(new GetAutomationExecutionCommand({ AutomationExecutionId }));
  return answer.AutomationExecution ?? {};
}

/** The execution, once it is over; `passMillis` of the lab's time pass between two looks at it. */
export async function executionOver(lab: TestLab, id: string, passMillis = 0): Promise<AutomationExecution> {
  return until(`execution ${id} is over`, async () => {
    lab.clock.advance(passMillis);
    const found = await execution(lab, id);
    return ['Pending', 'InProgress', 'Cancelling'].includes(found.AutomationExecutionStatus ?? '') ? undefined : found;
  });
}

/** Each step of an execution with its status. */
export function stepStatuses({ StepExecutions: steps = [] }: AutomationExecution): readonly string[] {
  return steps.map(({ StepName, StepStatus }) => `${StepName} ${StepStatus}`);
}
