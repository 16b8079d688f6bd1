import assert from 'node:assert/strict';
import type { AutomationExecution } from '@aws-sdk/client-ssm';
import { describe, test, type TestContext } from 'node:test';
import type { AutomationDocument, AutomationStep } from '../../../../lib/documents/schema/automation-document.ts';
import type { NamedDocument } from '../../../../lib/documents/schema/document.ts';
import { automationDocument, commandDocument, executionOver, hostIds, shellStep, start } from '../test-lab.ts';
import { lines, labWith } from './run-steps.ts';

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
