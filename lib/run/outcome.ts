import { stripVTControlCharacters } from 'node:util';
import {
  GetCommandInvocationCommand,
  type AutomationExecution,
  type CommandInvocation,
  type StepExecution,
} from '@aws-sdk/client-ssm';
import type { MeasurementRecordInput } from '../results/schema/measurement-record.ts';
import { assertedHost } from '../documents/benchmark.ts';
import { listInvocations } from './execution.ts';
import type { LabBackend } from './lab-backend.ts';

/** Of a backend, what reading an outcome takes. */
type OutcomeBackend = Pick<LabBackend, 'ssm' | 'lab'>;

type StepRecord = NonNullable<MeasurementRecordInput['steps']>[number];

/** How an execution ended, in the lab's words. */
export interface Outcome {
  readonly status: 'succeeded' | 'failed' | 'cancelled' | 'skipped';
  readonly reason: string | null;
  readonly steps: readonly StepRecord[];
  /** What the build of the server printed, its last 20 000 bytes, when it failed; else null. */
  readonly buildLog: string | null;
  /** When the execution ended; null when it has not, or SSM does not say. */
  readonly endedUnixMillis: number | null;
}

/** Build's word for a server whose toolchain is missing; its exit code is 3. */
const skipped = /^SKIPPED (.+)$/m;

/** Reads how an execution ended, and for a failed step what the hosts printed. */
export async function readOutcome(backend: OutcomeBackend, execution: AutomationExecution): Promise<Outcome> {
  const steps = await Promise.all(
    (execution.StepExecutions ?? []).map(async (step): Promise<StepRecord> => {
      const failed = step.StepStatus === 'Failed' || step.StepStatus === 'TimedOut';
      return {
        name: step.StepName ?? '',
        status: step.StepStatus ?? 'Pending',
        beganUnixMillis: step.ExecutionStartTime?.getTime() ?? null,
        endedUnixMillis: step.ExecutionEndTime?.getTime() ?? null,
        failure: failed ? await failureOf(backend, step) : null,
      };
    }),
  );
  const buildFailed = execution.StepExecutions?.find(
    ({ StepName, StepStatus }) => StepName === 'buildServer' && StepStatus === 'Failed',
  );
  const buildLog = buildFailed === undefined ? null : await printedBy(backend, buildFailed);
  const status = execution.AutomationExecutionStatus;
  const known = { steps, buildLog, endedUnixMillis: execution.ExecutionEndTime?.getTime() ?? null };
  const first = steps.find(({ failure }) => failure !== null);
  // Hosts that end with this process are not waited for once all is collected.
  const isCollected = status === 'InProgress' && execution.CurrentStepName === 'stop' && first === undefined;
  if (status === 'Success' || isCollected) return { status: 'succeeded', reason: null, ...known };
  if (status === 'Cancelled' || status === 'Cancelling') {
    return { status: 'cancelled', reason: 'the execution was cancelled', ...known };
  }
  const skip = first?.name === 'buildServer' ? skipped.exec(first.failure ?? '')?.[1] : undefined;
  if (skip !== undefined) return { status: 'skipped', reason: skip, ...known };
  const reason = first === undefined ? execution.FailureMessage : describeStep(backend, first);
  return { status: 'failed', reason: reason ?? `the execution ended as ${status}`, ...known };
}

/** A step that asserts that a host is there is not worth a name before what it found. */
function describeStep({ lab }: OutcomeBackend, { name, failure }: StepRecord): string {
  return assertedHost(lab, name) === undefined ? `${name}: ${failure}` : (failure ?? name);
}

/** What SSM's word for the end of a command that has printed nothing means: to the agent one that was killed has run out of time. */
const endings: Readonly<Record<string, string>> = {
  ExecutionTimedOut: 'its command was ended by SIGKILL, or by its time-out',
  DeliveryTimedOut: 'its agent did not take the command up in time',
};

/** What the hosts on which a step failed wrote to standard error, the last lines of each. */
async function failureOf(backend: OutcomeBackend, step: StepExecution): Promise<string> {
  const host = assertedHost(backend.lab, step.StepName ?? '');
  if (host !== undefined) return `${host.name} is missing, or its SSM agent is not online`;
  const fallback = step.FailureMessage ?? step.StepStatus ?? 'failed';
  const failed = (await invocationsOf(backend, step)).filter(({ Status }) => Status !== 'Success');
  const texts = await Promise.all(
    failed.map(async ({ CommandId, InstanceId, InstanceName, StatusDetails }) => {
      const answer = await backend.ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId }));
      const lines = stripVTControlCharacters(answer.StandardErrorContent ?? '')
        .split('\n')
        // The agent appends this to every failure; the exit code says no more than the script's own words.
        .map((line) => line.replace(/failed to run commands: exit status \d+$/, '').trim())
        .filter((line) => line !== '');
      if (lines.length > 0) return lines.slice(-6).join('\n');
      const ending = endings[StatusDetails ?? ''];
      return `${InstanceName || InstanceId}: ${ending === undefined ? StatusDetails : `${ending} (${StatusDetails})`}`;
    }),
  );
  return texts.length > 0 ? [...new Set(texts)].join('\n') : fallback;
}

/** What a step printed on all its hosts; null when it ran on none. */
async function printedBy(backend: OutcomeBackend, step: StepExecution): Promise<string | null> {
  const invocations = await invocationsOf(backend, step);
  if (invocations.length === 0) return null;
  const answers = await Promise.all(
    invocations.map(({ CommandId, InstanceId }) =>
      backend.ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId })),
    ),
  );
  return answers.map(({ StandardOutputContent }) => StandardOutputContent ?? '').join('');
}

/** The command of a step on each host that it was sent to; none when the step sent no command. */
async function invocationsOf(backend: OutcomeBackend, step: StepExecution): Promise<readonly CommandInvocation[]> {
  const commandId = step.Outputs?.['CommandId']?.[0];
  return commandId === undefined ? [] : listInvocations(backend, commandId);
}
