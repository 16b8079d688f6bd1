import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { SsmHost } from '../ssm-host.ts';
import type { Workers } from '../workers.ts';
import { documentStatus, isOver, pendingPlugin, type Command, type Invocation } from './command.ts';
import { limitOf } from './limits.ts';
import { runDocument } from './run-document.ts';

/** What a command needs to run, beside itself. */
export interface CommandContext {
  readonly clock: Clock;
  readonly region: string;
  /** Documents whose scripts may use the management network. */
  readonly managementDocuments: ReadonlySet<string>;
  /** The places to work in that a host's agent has. */
  readonly workersOf: (host: SsmHost) => Workers;
}

/** Sends a command to its hosts and resolves when it is over on all of them. Never rejects. */
export async function executeCommand(
  command: Command,
  hosts: readonly SsmHost[],
  context: CommandContext,
): Promise<void> {
  // The service answers before it hands a command on: for a moment it has no invocations.
  await nextTurn();
  command.invocations = hosts.map((host) => ({
    host,
    requestedAt: command.requestedAt,
    plugins: command.document.mainSteps.map(({ name }) => pendingPlugin(name)),
    cancellation: new AbortController(),
    status: 'Pending',
    statusDetails: 'Pending',
  }));
  // Cancelled before it was handed on.
  if (command.status === 'Cancelling') command.invocations.forEach(cancelInvocation);
  else settle(command, 'InProgress', 'InProgress');
  const waiting = [...command.invocations];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (tooManyErrors(command)) terminate(next);
      else await runInvocation(command, next, context);
    }
  };
  const lanes = Math.min(hosts.length, Math.max(1, limitOf(command.maxConcurrency, hosts.length)));
  await Promise.all(Array.from({ length: lanes }, lane));
  settle(command, ...finalStatus(command));
}

/** Cancels what is not over: at once where it has not begun, else as soon as its script has been killed. */
export function cancelInvocation(invocation: Invocation): void {
  if (isOver(invocation.status)) return;
  settle(invocation, 'Cancelling', 'Cancelling');
  invocation.cancellation.abort();
}

/** Invocations that failed or ran out of time: what MaxErrors counts. */
export function errorCount(command: Command): number {
  return command.invocations.filter(
    ({ statusDetails }) => statusDetails === 'Failed' || statusDetails === 'ExecutionTimedOut',
  ).length;
}

/** Invocations that no host took up in time. */
export function deliveryTimedOutCount(command: Command): number {
  return command.invocations.filter(({ statusDetails }) => statusDetails === 'DeliveryTimedOut').length;
}

function tooManyErrors(command: Command): boolean {
  return errorCount(command) > limitOf(command.maxErrors, command.invocations.length);
}

async function runInvocation(command: Command, invocation: Invocation, context: CommandContext): Promise<void> {
  const { host, cancellation, plugins } = invocation;
  const release = await deliver(command, invocation, context);
  if (release === undefined) return;
  try {
    settle(invocation, 'InProgress', 'InProgress');
    await runDocument(command.document.mainSteps, plugins, {
      host,
      clock: context.clock,
      region: context.region,
      commandId: command.id,
      network: context.managementDocuments.has(command.documentName) ? 'management' : 'load',
      lookup: (name) => command.values.get(name),
      variables: environmentVariables(command),
      signal: cancellation.signal,
    });
    const status = documentStatus(plugins);
    settle(invocation, status, status === 'TimedOut' ? 'ExecutionTimedOut' : status);
  } finally {
    release();
  }
}

/**
 * Waits until the host is online and its agent has a free place. Settles the invocation and gives nothing when that takes longer
 * than the command allows, or when it is cancelled meanwhile.
 */
async function deliver(
  command: Command,
  invocation: Invocation,
  { clock, workersOf }: CommandContext,
): Promise<(() => void) | undefined> {
  const { host, cancellation } = invocation;
  const expired = new AbortController();
  const remaining = command.requestedAt + command.deliverySeconds * 1000 - clock.now();
  const stopTimer = clock.after(Math.max(0, remaining), () => {
    expired.abort();
  });
  const signal = AbortSignal.any([cancellation.signal, expired.signal]);
  try {
    signal.throwIfAborted();
    if (host.connection?.isOnline() === false) {
      await Promise.race([host.connection.whenOnline(), rejectedOn(signal)]);
    }
    return await workersOf(host).acquire(signal);
  } catch {
    if (cancellation.signal.aborted) settle(invocation, 'Cancelled', 'Cancelled');
    else settle(invocation, 'TimedOut', 'DeliveryTimedOut');
    for (const plugin of invocation.plugins) plugin.status = cancellation.signal.aborted ? 'Cancelled' : 'TimedOut';
    return undefined;
  } finally {
    stopTimer();
  }
}

async function rejectedOn(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        reject(signal.reason);
      },
      { once: true },
    );
  });
}

/** The invocation is not sent because of MaxErrors. Its Status beside the StatusDetails is not documented: a kind of Cancelled. */
function terminate(invocation: Invocation): void {
  settle(invocation, 'Cancelled', 'Terminated');
  for (const plugin of invocation.plugins) plugin.status = 'Cancelled';
}

function environmentVariables(command: Command): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const [name, parameter] of Object.entries(command.document.parameters ?? {})) {
    const value = command.values.get(name);
    if (parameter.interpolationType === 'ENV_VAR' && typeof value === 'string') variables[`SSM_${name}`] = value;
  }
  return variables;
}

function finalStatus(command: Command): [Command['status'], Command['statusDetails']] {
  const { invocations } = command;
  if (invocations.length === 0) return ['Success', 'NoInstancesInTag'];
  if (command.status === 'Cancelling') return ['Cancelled', 'Cancelled'];
  if (invocations.every(({ status }) => status === 'Success')) return ['Success', 'Success'];
  if (tooManyErrors(command)) return ['Failed', 'Failed'];
  if (deliveryTimedOutCount(command) > limitOf(command.maxErrors, invocations.length)) {
    return ['TimedOut', 'DeliveryTimedOut'];
  }
  if (invocations.every(({ status }) => status === 'Cancelled')) return ['Cancelled', 'Cancelled'];
  // Some did not succeed, but no more than MaxErrors allows. Which Status goes with Incomplete is not documented.
  return ['Failed', 'Incomplete'];
}

function settle(
  of: Pick<Command, 'status' | 'statusDetails'>,
  status: Command['status'],
  details: Command['statusDetails'],
): void {
  of.status = status;
  of.statusDetails = details;
}
