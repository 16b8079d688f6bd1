import type { CommandDocument } from '../../../documents/schema/document.ts';
import type { Values } from '../parameters.ts';
import type { SsmHost } from '../ssm-host.ts';
import type { ScriptResult } from './run-script.ts';

/** Statuses of commands and invocations, as the API spells them. */
export type CommandStatus = 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelling' | 'Cancelled';

/** StatusDetails, which the API spells without spaces. */
export type StatusDetails =
  CommandStatus | 'ExecutionTimedOut' | 'DeliveryTimedOut' | 'Incomplete' | 'NoInstancesInTag';

/** One command on one host. Times are milliseconds since 1970. */
export interface Invocation {
  readonly host: SsmHost;
  /** Aborted to cancel it. */
  readonly cancellation: AbortController;
  status: CommandStatus;
  statusDetails: StatusDetails;
  startedAt?: number;
  endedAt?: number;
  /** What the agent says of the script once it is over. */
  result: Pick<ScriptResult, 'code' | 'standardOutput' | 'standardError' | 'output'>;
}

/** One call of SendCommand. */
export interface Command {
  readonly id: string;
  readonly documentName: string;
  readonly document: CommandDocument;
  readonly values: Values;
  readonly requestedAt: number;
  /** Within which the hosts must take it up. */
  readonly deliverySeconds: number;
  /** How many hosts may fail without the command failing. */
  readonly maxErrors: '0' | '100%';
  /** Filled in just after the reply to SendCommand. */
  invocations: readonly Invocation[];
  status: CommandStatus;
  statusDetails: StatusDetails;
  /** Resolves when the command is over on every host. */
  readonly finished: Promise<void>;
}

/** Whether a status is final. */
export function isOver(status: CommandStatus): boolean {
  return status === 'Success' || status === 'Failed' || status === 'TimedOut' || status === 'Cancelled';
}
