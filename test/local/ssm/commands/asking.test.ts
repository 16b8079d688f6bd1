import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  paginateListCommandInvocations,
} from '@aws-sdk/client-ssm';
import { describe, test } from 'node:test';
import { eventually } from '../eventually.ts';
import { commandOver, createTestLab, hostIds, invocationsOf, runDocument, send, stepOf } from '../test-lab.ts';
import { everyHost, unknownId, pickyDocument } from './documents.ts';

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
