import assert from 'node:assert/strict';
import type { AutomationExecution, SSMClient } from '@aws-sdk/client-ssm';
import { describe, test } from 'node:test';
import { articleLab } from '../../../lib/config/lab.ts';
import { waitForLastSteps } from '../../../lib/run/detached/cancel.ts';
import { readOutcome } from '../../../lib/run/outcome.ts';

/** An SSM whose execution is looked at once in each of these states. */
function ssmThatShows(executions: readonly AutomationExecution[]): SSMClient {
  const left = [...executions];
  return { send: async () => ({ AutomationExecution: left.shift() }) } as unknown as SSMClient;
}

const step = (StepName: string, StepStatus: 'Success' | 'InProgress' | 'Pending') => ({ StepName, StepStatus });
const collecting: AutomationExecution = {
  AutomationExecutionStatus: 'InProgress',
  CurrentStepName: 'collect',
  StepExecutions: [step('drive', 'Success'), step('collect', 'InProgress'), step('stop', 'Pending')],
};
const stopping: AutomationExecution = {
  AutomationExecutionStatus: 'InProgress',
  CurrentStepName: 'stop',
  StepExecutions: [step('drive', 'Success'), step('collect', 'Success'), step('stop', 'InProgress')],
};
const ended: AutomationExecution = {
  AutomationExecutionStatus: 'Success',
  StepExecutions: [step('drive', 'Success'), step('collect', 'Success'), step('stop', 'Success')],
};

describe('the last steps of an execution', () => {
  const patience = { pollMillis: 1, cancelMillis: 600_000 } as const;
  const backend = (detachable: boolean) =>
    ({
      ...patience,
      detachable,
      lab: articleLab,
      ssm: ssmThatShows([collecting, stopping, ended]),
    }) as unknown as Parameters<typeof waitForLastSteps>[0];

  test('are waited for until all is collected, where hosts end with the command', async () => {
    const execution = await waitForLastSteps(backend(false), 'one', AbortSignal.abort());
    assert.equal(execution, stopping);
    const { status, reason } = await readOutcome(backend(false), execution);
    assert.deepEqual([status, reason], ['succeeded', null]);
  });

  test('are waited for until the hosts have stopped, where they outlive the command or are needed again', async () => {
    assert.equal(await waitForLastSteps(backend(true), 'one', AbortSignal.abort()), ended);
    assert.equal(await waitForLastSteps(backend(false), 'one', new AbortController().signal), ended);
  });
});
