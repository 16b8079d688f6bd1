import { setImmediate as nextTurn } from 'node:timers/promises';
import { pause } from '../clock.ts';
import type { Service } from '../service.ts';
import type { SsmHost } from '../ssm-host.ts';
import type { Command, CommandStatus, Invocation, StatusDetails } from './command.ts';
import { isOver } from './command.ts';
import { runScript, scriptTimeoutSeconds, type ScriptContext } from './run-script.ts';

/** Sends a command to its hosts, all at once, and resolves when it is over on all of them. Never rejects. */
export async function executeCommand(service: Service, command: Command, hosts: readonly SsmHost[]): Promise<void> {
  // The service answers before it hands a command on: for a moment it has no invocations.
  await nextTurn();
  command.invocations = hosts.map((host) => ({
    host,
    cancellation: new AbortController(),
    status: 'Pending',
    statusDetails: 'Pending',
    result: { code: -1, standardOutput: '', standardError: '', output: '' },
  }));
  // Cancelled before it was handed on.
  if (command.status === 'Cancelling') command.invocations.forEach(cancelInvocation);
  else settle(command, 'InProgress');
  await Promise.all(command.invocations.map((invocation) => runInvocation(service, command, invocation)));
  settle(command, ...finalStatus(command));
}

/** Cancels a command on all its hosts; what is over stays as it is. */
export function cancelCommand(command: Command): void {
  if (isOver(command.status)) return;
  settle(command, 'Cancelling');
  command.invocations.forEach(cancelInvocation);
}

/** Invocations that failed or ran out of time: what MaxErrors counts. */
export function errorCount({ invocations }: Command): number {
  return invocations.filter(({ statusDetails: details }) => details === 'Failed' || details === 'ExecutionTimedOut')
    .length;
}

/** Invocations that no host took up in time. */
export function deliveryTimedOutCount({ invocations }: Command): number {
  return invocations.filter(({ statusDetails }) => statusDetails === 'DeliveryTimedOut').length;
}

/** At once where it has not begun or the host is lost, else as soon as its script has been killed. */
function cancelInvocation(invocation: Invocation): void {
  if (isOver(invocation.status)) return;
  settle(invocation, 'Cancelling');
  invocation.cancellation.abort();
}

async function runInvocation(service: Service, command: Command, invocation: Invocation): Promise<void> {
  const { host, cancellation } = invocation;
  const { clock } = service;
  const deliveredBy = command.requestedAt + command.deliverySeconds * 1000;
  if (!host.isOnline() && !cancellation.signal.aborted)
    await pause(clock, deliveredBy - clock.now(), cancellation.signal);
  if (cancellation.signal.aborted) return settle(invocation, 'Cancelled');
  if (!host.isOnline()) return settle(invocation, 'TimedOut', 'DeliveryTimedOut');
  settle(invocation, 'InProgress');
  invocation.startedAt = clock.now();
  const [step] = command.document.mainSteps;
  const context: ScriptContext = {
    host,
    clock,
    region: service.region,
    commandId: command.id,
    network: service.managementDocuments.has(command.documentName) ? 'management' : 'load',
    lookup: (name) => command.values.get(name),
    variables: environmentVariables(command),
    signal: cancellation.signal,
  };
  const result = await runScript(step, context);
  // A host that has gone meanwhile says nothing any more: SSM waits as long as it would have given the script.
  const isLost = !host.isOnline();
  const answerBy = deliveredBy + scriptTimeoutSeconds(step, context) * 1000;
  if (isLost) await pause(clock, answerBy - clock.now(), cancellation.signal);
  else invocation.result = result;
  invocation.endedAt = clock.now();
  if (isLost && !cancellation.signal.aborted) return settle(invocation, 'TimedOut', 'ExecutionTimedOut');
  const status = isLost ? 'Cancelled' : result.status;
  // The API shows a step that the agent has skipped as a success.
  if (status === 'Skipped') settle(invocation, 'Success');
  else settle(invocation, status, status === 'TimedOut' ? 'ExecutionTimedOut' : status);
}

function environmentVariables({ document, values }: Command): Readonly<Record<string, string>> {
  const names = Object.entries(document.parameters ?? {}).filter(
    ([, { interpolationType: type }]) => type === 'ENV_VAR',
  );
  return Object.fromEntries(names.map(([name]) => [`SSM_${name}`, values.get(name) ?? '']));
}

function finalStatus(command: Command): [CommandStatus, StatusDetails?] {
  const { invocations, maxErrors } = command;
  const allowed = maxErrors === '0' ? 0 : invocations.length;
  if (invocations.length === 0) return ['Success', 'NoInstancesInTag'];
  if (command.status === 'Cancelling') return ['Cancelled'];
  if (invocations.every(({ status }) => status === 'Success')) return ['Success'];
  if (errorCount(command) > allowed) return ['Failed'];
  if (deliveryTimedOutCount(command) > allowed) return ['TimedOut', 'DeliveryTimedOut'];
  // Some did not succeed, but no more than MaxErrors allows. Which Status goes with Incomplete is not documented.
  return ['Failed', 'Incomplete'];
}

function settle(
  of: Pick<Command, 'status' | 'statusDetails'>,
  status: CommandStatus,
  details: StatusDetails = status,
): void {
  of.status = status;
  of.statusDetails = details;
}
