import type { AutomationDocument, AutomationStep } from '../../../documents/schema/document.ts';
import type { Values } from '../parameters.ts';

/** Statuses of executions and their steps, as the API spells them. */
type AutomationStatus = 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelling' | 'Cancelled';

/** One step of an execution. Times are milliseconds since 1970. */
export interface StepRun {
  readonly step: AutomationStep;
  /** Stays Pending when the execution never reaches the step. */
  status: AutomationStatus;
  startedAt?: number;
  endedAt?: number;
  outputs: Readonly<Record<string, readonly string[]>>;
  failureMessage?: string;
}

/** One call of StartAutomationExecution. */
export interface Execution {
  readonly id: string;
  readonly documentName: string;
  readonly document: AutomationDocument;
  readonly values: Values;
  readonly startedAt: number;
  endedAt?: number;
  status: AutomationStatus;
  failureMessage?: string;
  readonly steps: readonly StepRun[];
  /** Aborted by StopAutomationExecution: the current step is cancelled, and its onCancel decides what follows. */
  readonly cancellation: AbortController;
  /** Aborted to end a cancelled execution at once, whatever clean-up it is at. */
  readonly abandonment: AbortController;
}

/** Whether an execution has its final status. */
export function isExecutionOver({ status }: Execution): boolean {
  return status === 'Success' || status === 'Failed' || status === 'TimedOut' || status === 'Cancelled';
}

/** Thrown by a step's action: the step has failed, with this as its FailureMessage. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
}
