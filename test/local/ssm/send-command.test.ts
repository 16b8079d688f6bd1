import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  paginateListCommandInvocations,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { describe, test } from 'node:test';
import type { NamedDocument } from '../../../lib/documents/schema/document.ts';
import { eventually } from './eventually.ts';
import {
  commandDocument,
  commandOver,
  createTestLab,
  hostIds,
  invocationsOf,
  letSettle,
  runDocument,
  send,
  shellStep,
  stepOf,
} from './test-lab.ts';

const everyHost = [{ Key: 'tag:Lab', Values: ['test'] }];
const unknownId = '01234567-89ab-cdef-0123-456789abcdef';

/** Fails on the host called server only. */
const pickyDocument: NamedDocument = {
  name: 'Picky',
  content: commandDocument([shellStep('step', [`test "$AWS_SSM_INSTANCE_ID" != ${hostIds[0]}`])]),
};

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

describe('asking for commands', () => {
  test('fails for an invocation that does not exist', async (t) => {
    const lab = await createTestLab(t, []);
    const request = new GetCommandInvocationCommand({ CommandId: unknownId, InstanceId: hostIds[0] });
    await assert.rejects(lab.ssm.send(request), {
      name: 'InvocationDoesNotExist',
      message: `Invocation not found for ${unknownId}, ${hostIds[0]}`,
    });
  });

  test('fails on ids and names that cannot be', async (t) => {
    const lab = await createTestLab(t, []);
    const ask = (CommandId: string, InstanceId: string, PluginName?: string): Promise<unknown> =>
      lab.ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId, PluginName }));
    await assert.rejects(ask('short', hostIds[0]), { name: 'ValidationException', message: /CommandId/ });
    await assert.rejects(ask(unknownId, 'server'), { name: 'ValidationException', message: /InstanceId/ });
    await assert.rejects(ask(unknownId, hostIds[0], 'run'), { name: 'ValidationException', message: /PluginName/ });
  });

  test('lists of unknown ids are empty', async (t) => {
    const lab = await createTestLab(t, []);
    const { Commands } = await lab.ssm.send(new ListCommandsCommand({ CommandId: unknownId }));
    assert.deepEqual(Commands, []);
    assert.deepEqual(await invocationsOf(lab, unknownId), []);
  });

  test('lists show steps only when details are asked for, and go page by page', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const id = await send(lab, 'Run', { Targets: everyHost, Parameters: { commands: ['echo x'] } });
    await commandOver(lab, id);
    const { CommandInvocations } = await lab.ssm.send(new ListCommandInvocationsCommand({ CommandId: id }));
    assert.deepEqual(
      CommandInvocations?.map(({ CommandPlugins }) => CommandPlugins),
      [[], [], []],
    );
    const seen: (string | undefined)[][] = [];
    for await (const page of paginateListCommandInvocations({ client: lab.ssm, pageSize: 2 }, { CommandId: id })) {
      seen.push((page.CommandInvocations ?? []).map(({ InstanceId }) => InstanceId));
    }
    assert.deepEqual(seen, [[hostIds[0], hostIds[1]], [hostIds[2]]]);
    await assert.rejects(lab.ssm.send(new ListCommandsCommand({ NextToken: 'made up' })), { name: 'InvalidNextToken' });
  });

  test('lists begin with the newest and can be filtered', async (t) => {
    const lab = await createTestLab(t, [runDocument, pickyDocument]);
    const first = await send(lab, 'Run', { Parameters: { commands: ['true'] } });
    const second = await send(lab, 'Picky');
    await Promise.all([commandOver(lab, first), commandOver(lab, second)]);
    const listed = async (Filters?: { key: 'Status' | 'DocumentName'; value: string }[]): Promise<unknown> =>
      (await lab.ssm.send(new ListCommandsCommand({ Filters }))).Commands?.map(({ CommandId }) => CommandId);
    assert.deepEqual(await listed(), [second, first]);
    assert.deepEqual(await listed([{ key: 'Status', value: 'Failed' }]), [second]);
    assert.deepEqual(await listed([{ key: 'DocumentName', value: 'Run' }]), [first]);
  });

  test('the end and the duration of a step are shown as SSM spells them', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const mark = join(lab.folder, 'mark');
    const id = await send(lab, 'Run', { Parameters: { commands: [`mkfifo ${mark}`, `echo $(cat ${mark})`] } });
    await eventually('it runs', () => existsSync(mark));
    lab.clock.advance(1500);
    await commandOver(lab, await send(lab, 'Run', { Parameters: { commands: [`echo go >${mark}`] } }));
    await commandOver(lab, id);
    const result = await stepOf(lab, id, 'aws:runShellScript');
    assert.equal(result.ExecutionEndDateTime, '2026-11-22T18:30:01.500Z');
    assert.equal(result.ExecutionElapsedTime, 'PT1.5S');
    assert.equal(result.StandardOutputContent, 'go\n');
  });
});
