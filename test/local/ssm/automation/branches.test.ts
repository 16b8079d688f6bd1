import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AutomationStep } from '../../../../lib/documents/schema/automation-document.ts';
import { eventually } from '../eventually.ts';
import { automationDocument, execution, executionOver, letSettle, start } from '../test-lab.ts';
import { lines, labWith, statuses } from './run-steps.ts';

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
