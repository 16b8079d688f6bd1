import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ListCommandsCommand, type AutomationExecution } from '@aws-sdk/client-ssm';
import { describe, test, type TestContext } from 'node:test';
import type { AutomationDocument, AutomationStep } from '../../../../lib/documents/schema/automation-document.ts';
import { eventually } from '../eventually.ts';
import { automationDocument, createTestLab, executionOver, hostIds, runDocument, start } from '../test-lab.ts';
import { lines, labWith, statuses } from './run-steps.ts';

/** Runs steps to the end and gives the execution. */
async function run(t: TestContext, ...steps: readonly AutomationStep[]): Promise<AutomationExecution> {
  const lab = await labWith(t, automationDocument(steps));
  return executionOver(lab, await start(lab, 'Auto'));
}

describe('the flow', () => {
  test('steps run in the order of the document', async (t) => {
    const over = await run(t, lines('one', ['true']), lines('two', ['true']));
    assert.equal(over.AutomationExecutionStatus, 'Success');
    assert.deepEqual(statuses(over), ['one Success', 'two Success']);
    assert.equal(over.FailureMessage, undefined);
  });

  test('fails and stops at a failed step by default; the steps behind it stay pending', async (t) => {
    const over = await run(t, lines('one', ['exit 1']), lines('two', ['true']));
    assert.equal(over.AutomationExecutionStatus, 'Failed');
    assert.deepEqual(statuses(over), ['one Failed', 'two Pending']);
    const step = over.StepExecutions?.[0];
    const id = step?.Outputs?.['CommandId']?.[0];
    assert.match(
      step?.FailureMessage ?? '',
      new RegExp(
        `^Step fails when it is verifying the command has completed\\. Command ${id} returns unexpected invocation result: `,
      ),
    );
    assert.match(
      step?.FailureMessage ?? '',
      /\{Status=\[Failed\], ResponseCode=\[1\], Output=\[\n----------ERROR-------\nfailed to run commands: exit status 1\]/,
    );
    assert.equal(over.FailureMessage, step?.FailureMessage);
    assert.deepEqual(step?.Outputs?.['Status'], ['Failed']);
    assert.deepEqual(step?.Outputs?.['ResponseCode'], ['1']);
    assert.equal(step?.ResponseCode, '1');
  });

  test('onFailure Continue goes on, and the failure is not the execution’s', async (t) => {
    const over = await run(t, lines('one', ['exit 1'], { onFailure: 'Continue' }), lines('two', ['true']));
    assert.equal(over.AutomationExecutionStatus, 'Success');
    assert.deepEqual(statuses(over), ['one Failed', 'two Success']);
    assert.equal(over.StepExecutions?.[0]?.IsCritical, false);
  });

  test('fails in the end after onFailure Continue when the step is said to be critical', async (t) => {
    const fields = { onFailure: 'Continue', isCritical: true } as const;
    const over = await run(t, lines('one', ['exit 1'], fields), lines('two', ['true']));
    assert.equal(over.AutomationExecutionStatus, 'Failed');
    assert.deepEqual(statuses(over), ['one Failed', 'two Success']);
  });

  test('fails in the end after a jump, but runs the step it jumps to', async (t) => {
    const over = await run(
      t,
      lines('one', ['exit 1'], { onFailure: 'step:three' }),
      lines('two', ['true']),
      lines('three', ['true']),
    );
    assert.equal(over.AutomationExecutionStatus, 'Failed');
    assert.deepEqual(statuses(over), ['one Failed', 'two Pending', 'three Success']);
  });

  test('a jump from a step that is not critical leaves a success', async (t) => {
    const fields = { onFailure: 'step:two', isCritical: false } as const;
    const over = await run(t, lines('one', ['exit 1'], fields), lines('two', ['true']));
    assert.equal(over.AutomationExecutionStatus, 'Success');
  });

  test('nextStep is taken after a success only', async (t) => {
    const good = await run(
      t,
      lines('one', ['true'], { nextStep: 'three' }),
      lines('two', ['true']),
      lines('three', ['true']),
    );
    assert.deepEqual(statuses(good), ['one Success', 'two Pending', 'three Success']);
    const bad = await run(
      t,
      lines('one', ['false'], { nextStep: 'three', onFailure: 'Continue' }),
      lines('two', ['true'], { isEnd: true }),
      lines('three', ['true']),
    );
    assert.deepEqual(statuses(bad), ['one Failed', 'two Success', 'three Pending']);
  });

  test('isEnd ends the execution after a success and after a failure', async (t) => {
    const good = await run(t, lines('one', ['true'], { isEnd: true }), lines('two', ['true']));
    assert.equal(good.AutomationExecutionStatus, 'Success');
    assert.deepEqual(statuses(good), ['one Success', 'two Pending']);
    const bad = await run(t, lines('one', ['false'], { isEnd: true, onFailure: 'Continue' }), lines('two', ['true']));
    assert.deepEqual(statuses(bad), ['one Failed', 'two Pending']);
  });

  test('a step is tried maxAttempts times', async (t) => {
    const lab = await labWith(t, automationDocument([]));
    const count = join(lab.folder, 'count');
    const script = [`echo x >>${count}`, `test "$(wc -l <${count})" -ge 3`];
    const retrying = (maxAttempts: number): AutomationDocument =>
      automationDocument([lines('one', script, { maxAttempts })]);
    const enough = await createTestLab(t, [runDocument, { name: 'Auto', content: retrying(3) }]);
    assert.equal((await executionOver(enough, await start(enough, 'Auto'))).AutomationExecutionStatus, 'Success');
    assert.equal((await enough.ssm.send(new ListCommandsCommand({}))).Commands?.length, 3);
  });

  test('fails after maxAttempts', async (t) => {
    const lab = await labWith(t, automationDocument([lines('one', ['exit 1'], { maxAttempts: 2 })]));
    assert.equal((await executionOver(lab, await start(lab, 'Auto'))).AutomationExecutionStatus, 'Failed');
    assert.equal((await lab.ssm.send(new ListCommandsCommand({}))).Commands?.length, 2);
  });

  test('a step that takes longer than timeoutSeconds is timed out, its command cancelled', async (t) => {
    const lab = await labWith(
      t,
      automationDocument([lines('one', ['#!/bin/sh', 'sleep 300'], { timeoutSeconds: 20 }), lines('two', ['true'])]),
    );
    const id = await start(lab, 'Auto');
    await eventually(
      'the command runs',
      async () => (await lab.ssm.send(new ListCommandsCommand({}))).Commands?.[0]?.Status === 'InProgress',
    );
    lab.clock.advance(20_000);
    const over = await executionOver(lab, id);
    assert.equal(over.AutomationExecutionStatus, 'TimedOut');
    assert.deepEqual(statuses(over), ['one TimedOut', 'two Pending']);
    assert.equal((await lab.ssm.send(new ListCommandsCommand({}))).Commands?.[0]?.Status, 'Cancelled');
  });

  test('fails when a command cannot be sent, with the reason', async (t) => {
    const step: AutomationStep = {
      name: 'one',
      action: 'aws:runCommand',
      inputs: { DocumentName: 'Gone', InstanceIds: [hostIds[0]] },
    };
    const over = await run(t, step);
    assert.equal(over.AutomationExecutionStatus, 'Failed');
    assert.match(over.FailureMessage ?? '', /Error Code: InvalidDocument/);
  });

  test('fails when the targets match no host', async (t) => {
    const Targets = [{ Key: 'tag:Role', Values: ['none'] }];
    const step: AutomationStep = {
      name: 'one',
      action: 'aws:runCommand',
      inputs: { DocumentName: 'Run', Targets, Parameters: { commands: ['true'] } },
    };
    const over = await run(t, step);
    assert.equal(over.AutomationExecutionStatus, 'Failed');
    assert.match(over.FailureMessage ?? '', /No host matches the targets/);
  });

  test('fails when one of several hosts fails, and shows that one', async (t) => {
    const Targets = [{ Key: 'tag:Lab', Values: ['test'] }];
    const commands = [`test $AWS_SSM_INSTANCE_ID != ${hostIds[1]} || { echo bad; exit 9; }`];
    const step: AutomationStep = {
      name: 'one',
      action: 'aws:runCommand',
      inputs: { DocumentName: 'Run', Targets, MaxErrors: '100%', MaxConcurrency: '100%', Parameters: { commands } },
    };
    const over = await run(t, step);
    assert.equal(over.AutomationExecutionStatus, 'Failed');
    assert.deepEqual(over.StepExecutions?.[0]?.Outputs?.['ResponseCode'], ['9']);
    assert.match(over.StepExecutions?.[0]?.Outputs?.['Output']?.[0] ?? '', /^bad\n/);
  });
});
