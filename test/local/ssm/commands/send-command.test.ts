import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CancelCommandCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { describe, test } from 'node:test';
import { eventually } from '../eventually.ts';
import { commandOver, createTestLab, hostIds, invocationsOf, runDocument, send, stepOf } from '../test-lab.ts';
import { everyHost, pickyDocument } from './documents.ts';

describe('SendCommand', () => {
  test('answers at once with a pending command and SSM’s defaults', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const { Command: command } = await lab.ssm.send(
      new SendCommandCommand({
        DocumentName: 'Run',
        InstanceIds: [hostIds[0], hostIds[1]],
        Parameters: { commands: ['true'] },
        Comment: 'why',
      }),
    );
    assert.match(command?.CommandId ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(command?.Status, 'Pending');
    assert.equal(command?.StatusDetails, 'Pending');
    assert.equal(command?.DocumentVersion, '$DEFAULT');
    assert.equal(command?.MaxConcurrency, '50');
    assert.equal(command?.MaxErrors, '0');
    assert.equal(command?.TimeoutSeconds, 3600);
    assert.equal(command?.TargetCount, 2);
    assert.equal(command?.Comment, 'why');
    assert.deepEqual(command?.RequestedDateTime, new Date(lab.clock.now()));
    assert.deepEqual(command?.ExpiresAfter, new Date(lab.clock.now() + 3_600_000));
    const over = await commandOver(lab, command?.CommandId ?? '');
    assert.equal(over.Status, 'Success');
    assert.equal(over.CompletedCount, 2);
    assert.equal(over.ErrorCount, 0);
  });

  test('finds hosts by tag, and does not know yet how many when it answers', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const { Command: command } = await lab.ssm.send(
      new SendCommandCommand({
        DocumentName: 'Run',
        Targets: [...everyHost, { Key: 'tag:Role', Values: ['load', 'spare'] }],
        Parameters: { commands: ['true'] },
      }),
    );
    assert.deepEqual(command?.InstanceIds, []);
    assert.equal(command?.TargetCount, 0);
    const over = await commandOver(lab, command?.CommandId ?? '');
    assert.equal(over.TargetCount, 2);
    const invocations = await invocationsOf(lab, command?.CommandId ?? '');
    assert.deepEqual(
      invocations.map(({ InstanceId, InstanceName }) => [InstanceId, InstanceName]),
      [
        [hostIds[1], 'load-1'],
        [hostIds[2], 'load-2'],
      ],
    );
  });

  test('without a host of that tag it is a success that says so', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const id = await send(lab, 'Run', {
      Targets: [{ Key: 'tag:Role', Values: ['none'] }],
      Parameters: { commands: ['true'] },
    });
    const over = await commandOver(lab, id);
    assert.equal(over.Status, 'Success');
    assert.equal(over.StatusDetails, 'NoInstancesInTag');
  });

  test('fails with InvalidDocument for an unknown document', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    await assert.rejects(send(lab, 'Gone'), { name: 'InvalidDocument' });
  });

  test('fails with InvalidInstanceId for hosts that are not there, and without any', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const expected = { name: 'InvalidInstanceId', message: 'Instances not in a valid state for account' };
    const Parameters = { commands: ['true'] };
    await assert.rejects(send(lab, 'Run', { InstanceIds: [hostIds[0], 'i-deadbeef'], Parameters }), expected);
    await assert.rejects(send(lab, 'Run', { InstanceIds: [], Parameters }), expected);
  });

  test('fails with an exception of its own for each malformed input', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const Parameters = { commands: ['true'] };
    const validation = { name: 'ValidationException' };
    await assert.rejects(send(lab, 'Run', { InstanceIds: ['server'], Parameters }), validation);
    await assert.rejects(send(lab, 'Run', { TimeoutSeconds: 29, Parameters }), validation);
    await assert.rejects(send(lab, 'Run', { MaxConcurrency: '0', Parameters }), validation);
    await assert.rejects(send(lab, 'Run', { MaxErrors: '-1', Parameters }), validation);
    await assert.rejects(send(lab, 'Run', { Targets: everyHost, InstanceIds: [hostIds[0]], Parameters }), validation);
    await assert.rejects(send(lab, 'Run', { InstanceIds: [hostIds[0], hostIds[0]], Parameters }), {
      name: 'DuplicateInstanceId',
    });
    await assert.rejects(send(lab, 'Run', { Targets: [{ Key: 'name', Values: ['x'] }], Parameters }), {
      name: 'InvalidTarget',
    });
    await assert.rejects(send(lab, 'Run', { DocumentVersion: '7', Parameters }), { name: 'InvalidDocumentVersion' });
    await assert.rejects(send(lab, 'Run', { Parameters: { commands: ['x'.repeat(100_000)] } }), {
      name: 'MaxDocumentSizeExceeded',
    });
  });

  test('only documents that are named for it run with the management network', async (t) => {
    const lab = await createTestLab(t, [runDocument, pickyDocument], new Set(['Picky']));
    await commandOver(lab, await send(lab, 'Run', { Parameters: { commands: ['true'] } }));
    await commandOver(lab, await send(lab, 'Picky'));
    assert.deepEqual(lab.hosts[0].networks, ['load', 'management']);
  });
});

describe('errors and concurrency', () => {
  test('fails after more errors than MaxErrors and sends no more', async (t) => {
    const lab = await createTestLab(t, [pickyDocument]);
    const id = await send(lab, 'Picky', { Targets: everyHost, MaxConcurrency: '1' });
    const over = await commandOver(lab, id);
    assert.equal(over.Status, 'Failed');
    assert.equal(over.StatusDetails, 'Failed');
    assert.equal(over.ErrorCount, 1);
    assert.deepEqual(
      (await invocationsOf(lab, id)).map(({ StatusDetails }) => StatusDetails),
      ['Failed', 'Terminated', 'Terminated'],
    );
    assert.deepEqual(lab.hosts[1].networks, []);
  });

  test('as many errors as MaxErrors allows leave the command incomplete', async (t) => {
    const lab = await createTestLab(t, [pickyDocument]);
    for (const MaxErrors of ['1', '34%']) {
      const id = await send(lab, 'Picky', { Targets: everyHost, MaxConcurrency: '1', MaxErrors });
      const over = await commandOver(lab, id);
      assert.equal(over.StatusDetails, 'Incomplete');
      assert.equal(over.CompletedCount, 3);
      assert.deepEqual(
        (await invocationsOf(lab, id)).map(({ Status }) => Status),
        ['Failed', 'Success', 'Success'],
      );
    }
  });

  test('MaxConcurrency hosts work at a time, all of them by default', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    // Each host says that it runs, and waits until two of them do: with one at a time, that never comes to be.
    const commands = [
      `touch ${lab.folder}/$SSM_COMMAND_ID.$AWS_SSM_INSTANCE_ID`,
      `until [ "$(ls ${lab.folder} | grep -c $SSM_COMMAND_ID.)" -ge 2 ]; do [ -e ${lab.folder}/enough ] && exit 1; sleep 0.01; done`,
    ];
    const together = await send(lab, 'Run', { Targets: everyHost, Parameters: { commands } });
    assert.equal((await commandOver(lab, together)).Status, 'Success');
    const alone = await send(lab, 'Run', { Targets: everyHost, MaxConcurrency: '34%', Parameters: { commands } });
    await eventually('the first host runs', () => existsSync(join(lab.folder, `${alone}.${hostIds[0]}`)));
    assert.deepEqual(
      (await invocationsOf(lab, alone)).map(({ Status }) => Status),
      ['InProgress', 'Pending', 'Pending'],
    );
    await commandOver(lab, await send(lab, 'Run', { Parameters: { commands: [`touch ${lab.folder}/enough`] } }));
    assert.equal((await commandOver(lab, alone)).Status, 'Failed');
  });

  test('an agent works on five commands at once; others wait their turn, unless they are cancelled', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const ids: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      ids.push(await send(lab, 'Run', { Parameters: { commands: [`touch ${lab.folder}/run-${index}`, 'sleep 300'] } }));
    }
    await eventually('five run', () => [0, 1, 2, 3, 4].every((index) => existsSync(`${lab.folder}/run-${index}`)));
    const [first = '', , , , , sixth = '', seventh = ''] = ids;
    assert.equal((await stepOf(lab, sixth)).Status, 'Pending');
    // Cancelling needs no free place.
    await lab.ssm.send(new CancelCommandCommand({ CommandId: sixth }));
    assert.equal((await commandOver(lab, sixth)).Status, 'Cancelled');
    assert.equal((await stepOf(lab, seventh)).Status, 'Pending');
    await lab.ssm.send(new CancelCommandCommand({ CommandId: first }));
    await eventually('the seventh runs', () => existsSync(`${lab.folder}/run-6`));
    assert.ok(!existsSync(`${lab.folder}/run-5`));
  });
});
