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
  type CommandPlugin,
  type GetCommandInvocationResult,
  type SendCommandRequest,
} from '@aws-sdk/client-ssm';
import type { TestContext } from 'node:test';
import type { AutomationDocument, AutomationStep } from '../../../lib/documents/schema/automation-document.ts';
import type { CommandDocument, ShellStep } from '../../../lib/documents/schema/command-document.ts';
import type { NamedDocument } from '../../../lib/documents/schema/document.ts';
import { createSsmRequestHandler, type SsmRequestHandler } from '../../../lib/local/ssm/request-handler.ts';
import { eventually } from './eventually.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { createProcessHost, type ProcessHost } from './process-host.ts';

/** The instance ids of the three hosts of a test lab, which carry the tags Role=server, load, load and Lab=test. */
export const hostIds = ['i-00000001', 'i-00000002', 'i-00000000000000003'] as const;

/** A local SSM with three hosts, driven through the SDK's own client. */
export interface TestLab {
  readonly ssm: SSMClient;
  readonly handler: SsmRequestHandler;
  readonly clock: ManualClock;
  readonly hosts: readonly [ProcessHost, ProcessHost, ProcessHost];
  /** An empty folder, removed after the test. */
  readonly folder: string;
}

/** A lab with these documents, which ends with the test. */
export async function createTestLab(
  t: TestContext,
  documents: readonly NamedDocument[],
  managementDocuments: ReadonlySet<string> = new Set(),
): Promise<TestLab> {
  const folder = await mkdtemp(join(tmpdir(), 'c1mlab-ssm-'));
  const host = (index: 0 | 1 | 2, name: string, role: string): ProcessHost =>
    createProcessHost(folder, { instanceId: hostIds[index], name, tags: { Role: role, Lab: 'test' } });
  const hosts = [host(0, 'server', 'server'), host(1, 'load-1', 'load'), host(2, 'load-2', 'load')] as const;
  const clock = createManualClock();
  const handler = createSsmRequestHandler({ documents, hosts, clock, managementDocuments, region: 'eu-west-1' });
  const ssm = new SSMClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    requestHandler: handler,
  });
  t.after(async () => {
    await handler.close();
    await rm(folder, { recursive: true });
  });
  return { ssm, handler, clock, hosts, folder };
}

/** A step of shell lines; further inputs as given. */
export function shellStep(
  name: string,
  lines: readonly string[],
  inputs: Partial<ShellStep['inputs']> = {},
): ShellStep {
  return { name, action: 'aws:runShellScript', inputs: { runCommand: lines, ...inputs } };
}

/** A Command document of the given steps. */
export function commandDocument(
  mainSteps: readonly ShellStep[],
  parameters: CommandDocument['parameters'] = {},
): CommandDocument {
  return { schemaVersion: '2.2', description: 'A test.', parameters, mainSteps };
}

/** An Automation document of the given steps. */
export function automationDocument(
  mainSteps: readonly AutomationStep[],
  more: Partial<AutomationDocument> = {},
): AutomationDocument {
  return { schemaVersion: '0.3', description: 'A test.', mainSteps, ...more };
}

/** The document `Run`: a script that comes as the parameter `commands`, as in AWS-RunShellScript. */
export const runDocument: NamedDocument = {
  name: 'Run',
  content: commandDocument(
    [
      {
        name: 'script',
        action: 'aws:runShellScript',
        inputs: { runCommand: '{{ commands }}', timeoutSeconds: '{{ timeout }}' },
      },
    ],
    {
      commands: { type: 'StringList', description: 'Lines of a script' },
      timeout: { type: 'String', description: 'Seconds', default: '3600' },
    },
  ),
};

/** Sends a command, by default to the first host, and gives its id. */
export async function send(
  lab: TestLab,
  DocumentName: string,
  request: Partial<SendCommandRequest> = {},
): Promise<string> {
  const InstanceIds = request.Targets === undefined ? [hostIds[0]] : undefined;
  const { Command: command } = await lab.ssm.send(new SendCommandCommand({ DocumentName, InstanceIds, ...request }));
  return command?.CommandId ?? '';
}

/** The command, once it is over on all hosts. */
export async function commandOver(lab: TestLab, CommandId: string): Promise<Command> {
  return eventually(`command ${CommandId} is over`, async () => {
    const { Commands } = await lab.ssm.send(new ListCommandsCommand({ CommandId }));
    const [command] = Commands ?? [];
    return ['Pending', 'InProgress', 'Cancelling'].includes(command?.Status ?? '') ? undefined : command;
  });
}

/** The invocations of a command, with details. */
export async function invocationsOf(lab: TestLab, CommandId: string): Promise<readonly CommandInvocation[]> {
  const answer = await lab.ssm.send(new ListCommandInvocationsCommand({ CommandId, Details: true }));
  return answer.CommandInvocations ?? [];
}

/** The steps of a command's first invocation, as lists show them. */
export async function pluginsOf(lab: TestLab, CommandId: string): Promise<readonly CommandPlugin[]> {
  return (await invocationsOf(lab, CommandId))[0]?.CommandPlugins ?? [];
}

/** A step of a command on the first host, as GetCommandInvocation shows it. */
export async function stepOf(
  lab: TestLab,
  CommandId: string,
  PluginName?: string,
): Promise<GetCommandInvocationResult> {
  return lab.ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: hostIds[0], PluginName }));
}

/** Runs lines on the first host by the document `Run`, and gives the result once it is there. */
export async function runLines(
  lab: TestLab,
  commands: string[],
  parameters: Record<string, string[]> = {},
): Promise<GetCommandInvocationResult> {
  const id = await send(lab, 'Run', { Parameters: { commands, ...parameters } });
  await commandOver(lab, id);
  return stepOf(lab, id);
}

/**
 * Runs a command on the third host, which takes longer than anything that the lab may just have begun: after it, what has not
 * happened does not happen. The lab needs the document `Run`.
 */
export async function letSettle(lab: TestLab): Promise<void> {
  await commandOver(
    lab,
    await send(lab, 'Run', { InstanceIds: [hostIds[2]], Parameters: { commands: ['sleep 0.05'] } }),
  );
}

/** Starts an execution and gives its id. */
export async function start(
  lab: TestLab,
  DocumentName: string,
  Parameters: Record<string, string[]> = {},
): Promise<string> {
  const answer = await lab.ssm.send(new StartAutomationExecutionCommand({ DocumentName, Parameters }));
  return answer.AutomationExecutionId ?? '';
}

/** An execution as it is now. */
export async function execution(lab: TestLab, AutomationExecutionId: string): Promise<AutomationExecution> {
  const answer = await lab.ssm.send(new GetAutomationExecutionCommand({ AutomationExecutionId }));
  return answer.AutomationExecution ?? {};
}

/** The execution, once it is over. */
export async function executionOver(lab: TestLab, id: string): Promise<AutomationExecution> {
  return eventually(`execution ${id} is over`, async () => {
    const found = await execution(lab, id);
    return ['Pending', 'InProgress', 'Cancelling'].includes(found.AutomationExecutionStatus ?? '') ? undefined : found;
  });
}
