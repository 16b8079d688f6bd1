import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ListCommandsCommand, StopAutomationExecutionCommand } from '@aws-sdk/client-ssm';
import { describe, test } from 'node:test';
import type { AutomationDocument, AutomationStep } from '../../../../lib/documents/schema/automation-document.ts';
import { eventually } from '../eventually.ts';
import { automationDocument, execution, executionOver, letSettle, start, type TestLab } from '../test-lab.ts';
import { type StepFields, lines, labWith, statuses } from './run-steps.ts';

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
