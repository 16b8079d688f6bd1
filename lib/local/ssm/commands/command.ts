import type { CommandDocument } from '../../../documents/schema/command-document.ts';
import type { ParameterValue } from '../../../documents/schema/parameter-value.ts';
import type { PassedParameters } from '../parameters.ts';
import type { SsmHost } from '../ssm-host.ts';

/** Statuses of commands, invocations and plugins, as the API spells them. */
export type CommandStatus = 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelling' | 'Cancelled';

/** StatusDetails, which the API spells without spaces. */
export type StatusDetails =
  CommandStatus | 'ExecutionTimedOut' | 'DeliveryTimedOut' | 'Terminated' | 'Incomplete' | 'NoInstancesInTag';

/** What the agent says of a step when it is done with it. */
export type StepStatus = 'Success' | 'Failed' | 'TimedOut' | 'Cancelled' | 'Skipped';

/** One step of a document on one host. Times are milliseconds since 1970. */
export interface PluginRun {
  readonly name: string;
  status: StepStatus | 'Pending' | 'InProgress';
  /** -1 until the step is done. */
  code: number;
  startedAt?: number;
  endedAt?: number;
  /** At most 24 000 bytes. */
  standardOutput: string;
  standardError: string;
  /** Both streams in one, at most 2 500 bytes: what lists show. */
  output: string;
}

/** One command on one host. */
export interface Invocation {
  readonly host: SsmHost;
  readonly requestedAt: number;
  readonly plugins: readonly PluginRun[];
  /** Aborted to cancel it. */
  readonly cancellation: AbortController;
  status: CommandStatus;
  statusDetails: StatusDetails;
}

/** One call of SendCommand. */
export interface Command {
  readonly id: string;
  readonly documentName: string;
  readonly document: CommandDocument;
  readonly comment: string;
  readonly passed: PassedParameters;
  readonly values: ReadonlyMap<string, ParameterValue>;
  readonly instanceIds: readonly string[];
  readonly targets: readonly Target[];
  readonly requestedAt: number;
  /** Within which the hosts must take it up. */
  readonly deliverySeconds: number;
  readonly maxConcurrency: string;
  readonly maxErrors: string;
  readonly outputBucket: string;
  readonly outputPrefix: string;
  /** Filled in just after the reply to SendCommand. */
  invocations: readonly Invocation[];
  status: CommandStatus;
  statusDetails: StatusDetails;
  /** Resolves when the command is over on every host. */
  readonly finished: Promise<void>;
}

/** Hosts by `tag:<key>`, `tag-key` or `InstanceIds`: any of the values will do. */
export interface Target {
  readonly Key: string;
  readonly Values: readonly string[];
}

/** Whether a status is final. */
export function isOver(status: CommandStatus): boolean {
  return status === 'Success' || status === 'Failed' || status === 'TimedOut' || status === 'Cancelled';
}

/** A step that has not begun. */
export function pendingPlugin(name: string): PluginRun {
  return { name, status: 'Pending', code: -1, standardOutput: '', standardError: '', output: '' };
}

/** The status of a whole document on a host: the worst of its steps. A skipped step counts as a success. */
export function documentStatus(plugins: readonly PluginRun[]): 'Success' | 'Failed' | 'TimedOut' | 'Cancelled' {
  const worst = (['Failed', 'TimedOut', 'Cancelled'] as const).find((status) =>
    plugins.some((plugin) => plugin.status === status),
  );
  return worst ?? 'Success';
}
