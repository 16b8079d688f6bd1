import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { DescribeAutomationExecutionsCommand, StopAutomationExecutionCommand } from '@aws-sdk/client-ssm';
import type { AutomationDocument, RunCommandStep } from '../../../lib/documents/schema/document.ts';
import {
  createTestLab,
  execution,
  executionOver,
  hostIds,
  script,
  start,
  stepStatuses,
  type TestLab,
} from './test-lab.ts';
import { until } from '../../until.ts';

type Fields = Partial<Omit<RunCommandStep, 'inputs'>> & { readonly maxErrors?: '0' | '100%' };

/** A step that runs the document `Work` on every host. */
function doing(name: string, word: string, { maxErrors = '0', ...fields }: Fields = {}): RunCommandStep {
  return {
    name,
    action: 'aws:runCommand',
    timeoutSeconds: 5000,
    onFailure: 'Abort',
    ...fields,
    inputs: {
      DocumentName: 'Work',
      Targets: [{ Key: 'tag:c1mlab:lab', Values: ['C1mLab'] }],
      Parameters: { Word: word },
      TimeoutSeconds: 60,
      MaxConcurrency: '100%',
      MaxErrors: maxErrors,
    },
  };
}

/** A lab with an Automation of these steps. `Work` succeeds, fails, fails on the server only, or hangs once it has made a file. */
async function labOf(t: TestContext, ...mainSteps: readonly RunCommandStep[]): Promise<TestLab> {
  const lines = [
    'case $SSM_Word in',
    'fail) echo wrong >&2; exit 3 ;;',
    `server) test "$AWS_SSM_INSTANCE_ID" != ${hostIds.server} ;;`,
    'hang*) touch /opt/c1mlab/$SSM_Word; sleep 300 ;;',
    '*) echo "$SSM_Word" ;;',
    'esac',
  ];
  const parameter = { type: 'String', description: 'x', allowedPattern: '^[a-z0-9-]+$' } as const;
  const automation: AutomationDocument = {
    schemaVersion: '0.3',
    description: 'A test.',
    parameters: { Word: { ...parameter, default: 'hello' } },
    mainSteps,
  };
  return createTestLab(t, [
    { name: 'Work', content: script(lines, {}, { Word: { ...parameter, interpolationType: 'ENV_VAR' } }) },
    { name: 'Auto', content: automation },
  ]);
}

async function outcome(lab: TestLab, id: string): Promise<string> {
  const over = await executionOver(lab, id);
  return [over.AutomationExecutionStatus, ...stepStatuses(over)].join(', ');
}

describe('an execution', () => {
  test('runs its steps in order, with its parameters and its own id in place of their references', async (t) => {
    const lab = await labOf(t, doing('one', '{{ Word }}'), doing('two', '{{ automation:EXECUTION_ID }}'));
    const id = await start(lab, 'Auto', { Word: ['goodbye'] });
    assert.equal(await outcome(lab, id), 'Success, one Success, two Success');
    const { StepExecutions: steps = [], Parameters: parameters } = await execution(lab, id);
    assert.deepEqual(
      steps.map(({ Outputs }) => Outputs?.['Output']),
      [['goodbye\n'], [`${id}\n`]],
    );
    assert.deepEqual(parameters, { Word: ['goodbye'] });
  });

  test('fails at the first step that fails, with its reason; the rest stay pending', async (t) => {
    const lab = await labOf(t, doing('one', 'fail'), doing('two', 'a'));
    const id = await start(lab, 'Auto');
    assert.equal(await outcome(lab, id), 'Failed, one Failed, two Pending');
    const over = await execution(lab, id);
    assert.match(over.FailureMessage ?? '', /^Step fails when .*\n\{Status=\[Failed\], ResponseCode=\[3\], Output=\[/);
    assert.deepEqual(over.StepExecutions?.[0]?.Outputs?.['ResponseCode'], ['3']);
  });

  test('fails when one host fails, and shows that one', async (t) => {
    const lab = await labOf(t, doing('one', 'server'));
    const id = await start(lab, 'Auto');
    assert.equal(await outcome(lab, id), 'Failed, one Failed');
    assert.deepEqual((await execution(lab, id)).StepExecutions?.[0]?.Outputs?.['ResponseCode'], ['1']);
  });

  test('has failed after a jump too, and ends where isEnd says so', async (t) => {
    const steps = [doing('one', 'fail', { onFailure: 'step:three' }), doing('two', 'a')];
    const lab = await labOf(t, ...steps, doing('three', 'a', { isEnd: true }), doing('four', 'a'));
    const id = await start(lab, 'Auto');
    assert.equal(await outcome(lab, id), 'Failed, one Failed, two Pending, three Success, four Pending');
  });

  test('fails at a step whose command is refused', async (t) => {
    const lab = await labOf(t, doing('one', 'NO'));
    const id = await start(lab, 'Auto');
    assert.equal(await outcome(lab, id), 'Failed, one Failed');
    assert.match((await execution(lab, id)).FailureMessage ?? '', /Error Code: InvalidParameters/);
  });

  test('succeeds at a step whose targets match no host, as the command does', async (t) => {
    const nowhere = doing('one', 'fail');
    const targets = [{ Key: 'tag:c1mlab:lab', Values: ['Other'] }] as const;
    const lab = await labOf(t, { ...nowhere, inputs: { ...nowhere.inputs, Targets: targets } });
    assert.equal(await outcome(lab, await start(lab, 'Auto')), 'Success, one Success');
  });

  test('cancels a step that takes longer than it may, and goes where a failure leads', async (t) => {
    const lab = await labOf(t, doing('one', 'hang', { timeoutSeconds: 90, onFailure: 'step:two' }), doing('two', 'a'));
    const id = await start(lab, 'Auto');
    await until('the step runs', () => existsSync(join(lab.folder, 'hang')));
    lab.clock.advance(90_000);
    assert.equal(await outcome(lab, id), 'TimedOut, one TimedOut, two Success');
  });

  test('does not start with a parameter that is missing, unknown, refused or too long', async (t) => {
    const lab = await labOf(t, doing('one', '{{ Word }}'));
    const name = 'InvalidAutomationExecutionParametersException';
    await assert.rejects(start(lab, 'Auto', { Wrod: ['a'] }), { name, message: /Unknown parameter "Wrod"/ });
    await assert.rejects(start(lab, 'Auto', { Word: ['A'] }), {
      name,
      message: /"Word" has value \["A"\], but it must match/,
    });
    await assert.rejects(start(lab, 'Auto', { Word: ['a'.repeat(513)] }), { name: 'ValidationException' });
    await assert.rejects(start(lab, 'Work'), { name: 'AutomationDefinitionNotFoundException' });
  });
});

describe('an execution that is cancelled', () => {
  const stop = (lab: TestLab, id: string): Promise<unknown> =>
    lab.ssm.send(new StopAutomationExecutionCommand({ AutomationExecutionId: id }));

  test('kills what runs, cleans up where the step says so, and is cancelled all the same', async (t) => {
    const lab = await labOf(
      t,
      doing('one', 'hang', { onCancel: 'step:three' }),
      doing('two', 'a'),
      doing('three', 'a'),
    );
    const id = await start(lab, 'Auto');
    await until('the step runs', () => existsSync(join(lab.folder, 'hang')));
    const list = new DescribeAutomationExecutionsCommand({
      Filters: [
        { Key: 'DocumentNamePrefix', Values: ['Au'] },
        { Key: 'ExecutionStatus', Values: ['InProgress'] },
      ],
    });
    assert.equal((await lab.ssm.send(list)).AutomationExecutionMetadataList?.[0]?.CurrentStepName, 'one');
    await stop(lab, id);
    assert.equal(await outcome(lab, id), 'Cancelled, one Cancelled, two Pending, three Success');
    assert.deepEqual((await lab.ssm.send(list)).AutomationExecutionMetadataList, []);
    await assert.rejects(stop(lab, id), { name: 'InvalidAutomationStatusUpdateException' });
  });

  test('has two minutes for its clean-up', async (t) => {
    const lab = await labOf(t, doing('one', 'hang', { onCancel: 'step:two' }), doing('two', 'hang-too'));
    const id = await start(lab, 'Auto');
    await until('the step runs', () => existsSync(join(lab.folder, 'hang')));
    await stop(lab, id);
    await until('the clean-up runs', () => existsSync(join(lab.folder, 'hang-too')));
    lab.clock.advance(119_999);
    assert.equal((await execution(lab, id)).AutomationExecutionStatus, 'Cancelling');
    lab.clock.advance(1);
    assert.equal(await outcome(lab, id), 'Cancelled, one Cancelled, two Cancelled');
  });
});
