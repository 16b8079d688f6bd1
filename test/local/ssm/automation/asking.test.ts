import assert from 'node:assert/strict';
import {
  DescribeAutomationExecutionsCommand,
  DescribeAutomationStepExecutionsCommand,
  GetAutomationExecutionCommand,
} from '@aws-sdk/client-ssm';
import { describe, test } from 'node:test';
import { automationDocument, executionOver, start } from '../test-lab.ts';
import { lines, labWith } from './run-steps.ts';

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
