import type { AutomationDocument, AutomationStep } from '../../../documents/schema/automation-document.ts';
import type { ParameterValue } from '../../../documents/schema/parameter-value.ts';
import type { PassedParameters } from '../parameters.ts';

/** Statuses of executions and their steps, as the API spells them. */
export type AutomationStatus =
  'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelling' | 'Cancelled';

/** One step of an execution. Times are milliseconds since 1970. */
export interface StepRun {
  readonly id: string;
  readonly step: AutomationStep;
  /** Stays Pending when the execution never reaches the step. */
  status: AutomationStatus;
  startedAt?: number;
  endedAt?: number;
  /** With every reference replaced. */
  inputs: Readonly<Record<string, unknown>>;
  outputs: Readonly<Record<string, readonly string[]>>;
  failureMessage?: string;
  /** The step that a branch has chosen. */
  chosenStep?: string;
}

/** One call of StartAutomationExecution. */
export interface Execution {
  readonly id: string;
  readonly documentName: string;
  readonly document: AutomationDocument;
  readonly passed: PassedParameters;
  readonly values: ReadonlyMap<string, ParameterValue>;
  readonly startedAt: number;
  endedAt?: number;
  status: AutomationStatus;
  failureMessage?: string;
  readonly steps: readonly StepRun[];
  /** Aborted by StopAutomationExecution: the current step is cancelled, and its onCancel decides what follows. */
  readonly cancellation: AbortController;
  /** Aborted to end a cancelled execution at once, whatever clean-up it is at. */
  readonly abandonment: AbortController;
  /** Set by StopAutomationExecution of type Complete: no step follows the current one. */
  completing: boolean;
  /** Resolves when the execution is over. */
  readonly finished: Promise<void>;
}

/** Whether an execution has its final status. */
export function isExecutionOver({ status }: Execution): boolean {
  return status === 'Success' || status === 'Failed' || status === 'TimedOut' || status === 'Cancelled';
}

/** Thrown by a step's action: the step has failed, with this as its FailureMessage. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
}

/** What an action leaves behind when it succeeds. */
export interface StepResult {
  readonly outputs: Readonly<Record<string, readonly string[]>>;
  readonly chosenStep?: string;
}
