import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeAutomationExecutionsCommand,
  DescribeAutomationStepExecutionsCommand,
  GetAutomationExecutionCommand,
  ListCommandsCommand,
  StopAutomationExecutionCommand,
  type AutomationExecution,
} from '@aws-sdk/client-ssm';
import { describe, test, type TestContext } from 'node:test';
import type { AutomationDocument, AutomationStep } from '../../../lib/documents/schema/automation-document.ts';
import type { NamedDocument } from '../../../lib/documents/schema/document.ts';
import { eventually } from './eventually.ts';
import {
  automationDocument,
  commandDocument,
  createTestLab,
  execution,
  executionOver,
  hostIds,
  letSettle,
  runDocument,
  shellStep,
  start,
  type TestLab,
} from './test-lab.ts';

type StepFields = Partial<
  Pick<
    AutomationStep,
    'onFailure' | 'onCancel' | 'isEnd' | 'isCritical' | 'nextStep' | 'maxAttempts' | 'timeoutSeconds'
  >
>;

/** A step that runs lines on the first host. */
function lines(name: string, commands: string[], fields: StepFields = {}): AutomationStep {
  const inputs = { DocumentName: 'Run', InstanceIds: [hostIds[0]], Parameters: { commands } };
  return { name, action: 'aws:runCommand', ...fields, inputs };
}

async function labWith(
  t: TestContext,
  document: AutomationDocument,
  more: readonly NamedDocument[] = [],
): Promise<TestLab> {
  return createTestLab(t, [runDocument, { name: 'Auto', content: document }, ...more]);
}

/** Runs steps to the end and gives the execution. */
async function run(t: TestContext, ...steps: readonly AutomationStep[]): Promise<AutomationExecution> {
  const lab = await labWith(t, automationDocument(steps));
  return executionOver(lab, await start(lab, 'Auto'));
}

function statuses(of: AutomationExecution): readonly string[] {
  return (of.StepExecutions ?? []).map(({ StepName, StepStatus }) => `${StepName} ${StepStatus}`);
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

describe('parameters and references', () => {
  const greet: NamedDocument = {
    name: 'Greet',
    content: commandDocument([shellStep('greet', ['echo "$SSM_Name"'])], {
      Name: {
        type: 'String',
        description: 'Who',
        allowedPattern: '^[a-zA-Z0-9 ,:._-]+$',
        interpolationType: 'ENV_VAR',
      },
    }),
  };
  const document = (Name: string, more: Partial<AutomationDocument> = {}): AutomationDocument =>
    automationDocument(
      [
        {
          name: 'greet',
          action: 'aws:runCommand',
          inputs: { DocumentName: 'Greet', InstanceIds: ['{{ Hosts }}'], Parameters: { Name } },
        },
      ],
      {
        parameters: {
          Who: { type: 'String', description: 'Who', default: 'world', allowedValues: ['world', 'moon'] },
          Hosts: { type: 'StringList', description: 'Where', default: [hostIds[0]] },
          Count: { type: 'Integer', description: 'How many', default: 3 },
        },
        outputs: ['greet.Output', 'greet.Status'],
        ...more,
      },
    );
  const greeted = async (
    t: TestContext,
    Name: string,
    passed: Record<string, string[]> = {},
  ): Promise<AutomationExecution> => {
    const lab = await labWith(t, document(Name), [greet]);
    return executionOver(lab, await start(lab, 'Auto', passed));
  };

  test('parameters reach the command, and its output the execution', async (t) => {
    const over = await greeted(t, 'the {{ Who }} {{ Count }}', { Who: ['moon'] });
    assert.deepEqual(over.Outputs, { 'greet.Output': ['the moon 3\n'], 'greet.Status': ['Success'] });
    assert.deepEqual(over.Parameters?.['Who'], ['moon']);
    assert.deepEqual(over.Parameters?.['Count'], ['3']);
  });

  test('the inputs of a step are shown as JSON, references replaced', async (t) => {
    const over = await greeted(t, '{{ Who }}');
    const inputs = over.StepExecutions?.[0]?.Inputs;
    assert.equal(inputs?.['DocumentName'], '"Greet"');
    assert.equal(inputs?.['Parameters'], '{"Name":"world"}');
  });

  test('Automation’s own variables have values', async (t) => {
    const over = await greeted(
      t,
      '{{ automation:EXECUTION_ID }} {{ global:DATE }} {{ global:DATE_TIME }} {{ global:REGION }} {{global:ACCOUNT_ID}}',
    );
    const expected = `${over.AutomationExecutionId} 2026-11-22 2026-11-22_18.30.00 eu-west-1 123456789012\n`;
    assert.deepEqual(over.Outputs?.['greet.Output'], [expected]);
  });

  test('an output of an earlier step can be used by a later one', async (t) => {
    const first = lines('first', ['printf from-first']);
    const second: AutomationStep = {
      name: 'second',
      action: 'aws:runCommand',
      inputs: { DocumentName: 'Greet', InstanceIds: hostIds[0], Parameters: { Name: ['{{ first.Output }}'] } },
    };
    const lab = await labWith(t, automationDocument([first, second], { outputs: ['second.Output'] }), [greet]);
    const over = await executionOver(lab, await start(lab, 'Auto'));
    assert.deepEqual(over.Outputs, { 'second.Output': ['from-first\n'] });
  });

  test('a step without success has no output to show', async (t) => {
    const lab = await labWith(t, automationDocument([lines('one', ['exit 1'])], { outputs: ['one.Output'] }));
    const over = await executionOver(lab, await start(lab, 'Auto'));
    assert.deepEqual(over.Outputs, {
      'one.Output': ['No output available yet because the step is not successfully executed'],
    });
  });

  test('fails the step when a reference has no value', async (t) => {
    const over = await greeted(t, '{{ later.Output }}');
    assert.equal(over.AutomationExecutionStatus, 'Failed');
    assert.match(over.FailureMessage ?? '', /\{\{ later\.Output \}\} has no value/);
  });

  test('fails the step when the Command document refuses a value', async (t) => {
    const over = await greeted(t, '$(reboot)');
    assert.equal(over.AutomationExecutionStatus, 'Failed');
    assert.match(
      over.FailureMessage ?? '',
      /Parameters provided in document are invalid or not supported\..*InvalidParameters/,
    );
  });

  const invalid = 'InvalidAutomationExecutionParametersException';

  test('fails to start without a required parameter', async (t) => {
    const lab = await labWith(
      t,
      automationDocument([lines('one', ['true'])], { parameters: { Need: { type: 'String', description: 'x' } } }),
    );
    await assert.rejects(start(lab, 'Auto'), {
      name: invalid,
      message: 'Missing required parameter: Need in user inputs.',
    });
  });

  test('fails to start with a value that is not allowed', async (t) => {
    const lab = await labWith(t, document('x'), [greet]);
    await assert.rejects(start(lab, 'Auto', { Who: ['sun'] }), {
      name: invalid,
      message: 'Parameter "Who" has value "sun" not found in [world, moon].',
    });
    await assert.rejects(start(lab, 'Auto', { Count: ['many'] }), { name: invalid });
    await assert.rejects(start(lab, 'Auto', { Other: ['x'] }), { name: invalid, message: /"Other"/ });
    await assert.rejects(start(lab, 'Auto', { Who: ['x'.repeat(513)] }), { name: 'ValidationException' });
  });
});

describe('branches and pauses', () => {
  test('a branch jumps by a parameter, and falls through without a match', async (t) => {
    const branchStep: AutomationStep = {
      name: 'choose',
      action: 'aws:branch',
      inputs: { Choices: [{ NextStep: 'three', Variable: '{{ Way }}', StringEquals: 'far' }] },
    };
    const parameters = { Way: { type: 'String', description: 'x', default: 'near' } } as const;
    const lab = await labWith(
      t,
      automationDocument([branchStep, lines('two', ['true']), lines('three', ['true'])], { parameters }),
    );
    const far = await executionOver(lab, await start(lab, 'Auto', { Way: ['far'] }));
    assert.deepEqual(statuses(far), ['choose Success', 'two Pending', 'three Success']);
    assert.equal(far.StepExecutions?.[0]?.NextStep, 'three');
    const near = await executionOver(lab, await start(lab, 'Auto'));
    assert.deepEqual(statuses(near), ['choose Success', 'two Success', 'three Success']);
  });

  test('sleep waits for its duration', async (t) => {
    const lab = await labWith(
      t,
      automationDocument([{ name: 'nap', action: 'aws:sleep', inputs: { Duration: 'PT1H2M3S' } }]),
    );
    const id = await start(lab, 'Auto');
    await eventually('it sleeps', async () => (await execution(lab, id)).CurrentStepName === 'nap');
    lab.clock.advance(3_722_999);
    await letSettle(lab);
    assert.equal((await execution(lab, id)).AutomationExecutionStatus, 'InProgress');
    lab.clock.advance(1);
    const over = await executionOver(lab, id);
    assert.equal(over.AutomationExecutionStatus, 'Success');
    assert.equal(over.ExecutionEndTime?.getTime(), (over.ExecutionStartTime?.getTime() ?? 0) + 3_723_000);
  });
});

describe('stopping', () => {
  const stop = async (lab: TestLab, AutomationExecutionId: string, Type?: 'Cancel' | 'Complete'): Promise<unknown> =>
    lab.ssm.send(new StopAutomationExecutionCommand({ AutomationExecutionId, Type }));

  const startAndWait = async (lab: TestLab, mark: string): Promise<string> => {
    const id = await start(lab, 'Auto', { Mark: [mark] });
    await eventually('the step runs', () => existsSync(mark));
    return id;
  };

  const marking = (fields: StepFields, ...rest: readonly AutomationStep[]): AutomationDocument =>
    automationDocument([lines('one', ['touch {{ Mark }}; sleep 300'], fields), ...rest], {
      parameters: { Mark: { type: 'String', description: 'A file' } },
    });

  test('cancels the running command and leaves the rest pending', async (t) => {
    const lab = await labWith(t, marking({}, lines('two', ['true'])));
    const id = await startAndWait(lab, join(lab.folder, 'mark'));
    await stop(lab, id);
    const over = await executionOver(lab, id);
    assert.equal(over.AutomationExecutionStatus, 'Cancelled');
    assert.deepEqual(statuses(over), ['one Cancelled', 'two Pending']);
    assert.equal((await lab.ssm.send(new ListCommandsCommand({}))).Commands?.[0]?.Status, 'Cancelled');
  });

  test('onCancel leads to a clean-up, and the execution is cancelled all the same', async (t) => {
    const lab = await labWith(t, marking({ onCancel: 'step:three' }, lines('two', ['true']), lines('three', ['true'])));
    const id = await startAndWait(lab, join(lab.folder, 'mark'));
    await stop(lab, id);
    const over = await executionOver(lab, id);
    assert.equal(over.AutomationExecutionStatus, 'Cancelled');
    assert.deepEqual(statuses(over), ['one Cancelled', 'two Pending', 'three Success']);
  });

  test('a clean-up has two minutes', async (t) => {
    const lab = await labWith(
      t,
      marking({ onCancel: 'step:two' }, lines('two', ['touch {{ Mark }}.clean; sleep 300'])),
    );
    const mark = join(lab.folder, 'mark');
    const id = await startAndWait(lab, mark);
    await stop(lab, id);
    await eventually('the clean-up runs', () => existsSync(`${mark}.clean`));
    lab.clock.advance(119_999);
    await letSettle(lab);
    assert.equal((await execution(lab, id)).AutomationExecutionStatus, 'Cancelling');
    lab.clock.advance(1);
    assert.deepEqual(statuses(await executionOver(lab, id)), ['one Cancelled', 'two Cancelled']);
  });

  test('a second stop ends the clean-up', async (t) => {
    const lab = await labWith(
      t,
      marking({ onCancel: 'step:two' }, lines('two', ['touch {{ Mark }}.clean; sleep 300'])),
    );
    const mark = join(lab.folder, 'mark');
    const id = await startAndWait(lab, mark);
    await stop(lab, id);
    await eventually('the clean-up runs', () => existsSync(`${mark}.clean`));
    await stop(lab, id);
    assert.equal((await executionOver(lab, id)).AutomationExecutionStatus, 'Cancelled');
  });

  test('Complete lets the current step end and starts no other', async (t) => {
    const lab = await labWith(
      t,
      automationDocument([{ name: 'nap', action: 'aws:sleep', inputs: { Duration: 'PT9S' } }, lines('two', ['true'])]),
    );
    const id = await start(lab, 'Auto');
    await eventually('it sleeps', async () => (await execution(lab, id)).CurrentStepName === 'nap');
    await stop(lab, id, 'Complete');
    lab.clock.advance(9000);
    const over = await executionOver(lab, id);
    assert.equal(over.AutomationExecutionStatus, 'Success');
    assert.deepEqual(statuses(over), ['nap Success', 'two Pending']);
  });

  test('fails for an execution that is over, or not there', async (t) => {
    const lab = await labWith(t, automationDocument([lines('one', ['true'])]));
    const id = await start(lab, 'Auto');
    await executionOver(lab, id);
    await assert.rejects(stop(lab, id), { name: 'InvalidAutomationStatusUpdateException' });
    await assert.rejects(stop(lab, '01234567-89ab-cdef-0123-456789abcdef'), {
      name: 'AutomationExecutionNotFoundException',
    });
  });
});

describe('asking for executions', () => {
  test('fails for what does not exist', async (t) => {
    const lab = await labWith(t, automationDocument([lines('one', ['true'])]));
    await assert.rejects(start(lab, 'Gone'), { name: 'AutomationDefinitionNotFoundException' });
    await assert.rejects(start(lab, 'Run'), { name: 'AutomationDefinitionNotFoundException' });
    const AutomationExecutionId = '01234567-89ab-cdef-0123-456789abcdef';
    await assert.rejects(lab.ssm.send(new GetAutomationExecutionCommand({ AutomationExecutionId })), {
      name: 'AutomationExecutionNotFoundException',
    });
  });

  test('executions and steps are listed with filters', async (t) => {
    const lab = await labWith(t, automationDocument([lines('one', ['true']), lines('two', ['false'])]));
    const id = await start(lab, 'Auto');
    await executionOver(lab, id);
    const list = await lab.ssm.send(
      new DescribeAutomationExecutionsCommand({ Filters: [{ Key: 'ExecutionStatus', Values: ['Failed'] }] }),
    );
    assert.deepEqual(
      list.AutomationExecutionMetadataList?.map((entry) => entry.AutomationExecutionId),
      [id],
    );
    const steps = await lab.ssm.send(
      new DescribeAutomationStepExecutionsCommand({
        AutomationExecutionId: id,
        Filters: [{ Key: 'StepExecutionStatus', Values: ['Failed'] }],
      }),
    );
    assert.deepEqual(
      steps.StepExecutions?.map(({ StepName }) => StepName),
      ['two'],
    );
  });
});
