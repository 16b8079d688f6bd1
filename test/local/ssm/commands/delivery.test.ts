import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../eventually.ts';
import { commandOver, createTestLab, invocationsOf, letSettle, runDocument, send, stepOf } from '../test-lab.ts';

describe('delivery', () => {
  test('fails to deliver to a host that stays offline: TimedOut, without an error counted', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    lab.hosts[0].setOnline(false);
    const id = await send(lab, 'Run', { TimeoutSeconds: 30, Parameters: { commands: ['true'] } });
    await eventually('the invocation is there', async () => (await invocationsOf(lab, id)).length === 1);
    assert.equal((await stepOf(lab, id)).Status, 'Pending');
    lab.clock.advance(29_999);
    await letSettle(lab);
    assert.equal((await stepOf(lab, id)).Status, 'Pending');
    lab.clock.advance(1);
    const over = await commandOver(lab, id);
    assert.equal(over.Status, 'TimedOut');
    assert.equal(over.StatusDetails, 'DeliveryTimedOut');
    assert.equal(over.ErrorCount, 0);
    assert.equal(over.DeliveryTimedOutCount, 1);
    const result = await stepOf(lab, id);
    assert.equal(result.Status, 'TimedOut');
    assert.equal(result.StatusDetails, 'DeliveryTimedOut');
    assert.equal(result.ResponseCode, -1);
  });

  test('a host that comes back in time takes the command up', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    lab.hosts[0].setOnline(false);
    const id = await send(lab, 'Run', { TimeoutSeconds: 30, Parameters: { commands: ['echo here'] } });
    await eventually('the invocation is there', async () => (await invocationsOf(lab, id)).length === 1);
    lab.clock.advance(20_000);
    lab.hosts[0].setOnline(true);
    await commandOver(lab, id);
    assert.equal((await stepOf(lab, id)).StandardOutputContent, 'here\n');
  });
});
