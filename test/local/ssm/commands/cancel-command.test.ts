import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CancelCommandCommand } from '@aws-sdk/client-ssm';
import { describe, test } from 'node:test';
import { eventually } from '../eventually.ts';
import {
  commandOver,
  createTestLab,
  hostIds,
  invocationsOf,
  letSettle,
  runDocument,
  send,
  stepOf,
} from '../test-lab.ts';
import { everyHost, unknownId } from './documents.ts';

describe('CancelCommand', () => {
  test('a command that has not begun is cancelled without running', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    lab.hosts[0].setOnline(false);
    const id = await send(lab, 'Run', { Parameters: { commands: ['true'] } });
    await lab.ssm.send(new CancelCommandCommand({ CommandId: id }));
    const over = await commandOver(lab, id);
    assert.equal(over.Status, 'Cancelled');
    await letSettle(lab);
    const result = await stepOf(lab, id);
    assert.equal(result.Status, 'Cancelled');
    assert.equal(result.ResponseCode, -1);
    assert.deepEqual(lab.hosts[0].networks, []);
  });

  test('one host of several is cancelled, the others go on', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const commands = [
      `touch ${lab.folder}/$AWS_SSM_INSTANCE_ID`,
      `test $AWS_SSM_INSTANCE_ID != ${hostIds[1]} || sleep 300`,
    ];
    const id = await send(lab, 'Run', { Targets: everyHost, Parameters: { commands } });
    await eventually('the host runs', () => existsSync(join(lab.folder, hostIds[1])));
    await lab.ssm.send(new CancelCommandCommand({ CommandId: id, InstanceIds: [hostIds[1]] }));
    const over = await commandOver(lab, id);
    assert.equal(over.StatusDetails, 'Incomplete');
    assert.deepEqual(
      (await invocationsOf(lab, id)).map(({ Status }) => Status),
      ['Success', 'Cancelled', 'Success'],
    );
  });

  test('fails for an id that does not exist', async (t) => {
    const lab = await createTestLab(t, []);
    await assert.rejects(lab.ssm.send(new CancelCommandCommand({ CommandId: unknownId })), {
      name: 'InvalidCommandId',
      message: `Command id ${unknownId} does not exist.`,
    });
  });

  test('a command that is over stays what it is', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const id = await send(lab, 'Run', { Parameters: { commands: ['true'] } });
    await commandOver(lab, id);
    await lab.ssm.send(new CancelCommandCommand({ CommandId: id }));
    assert.equal((await commandOver(lab, id)).Status, 'Success');
  });
});
