import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SendCommandCommand } from '@aws-sdk/client-ssm';
import {
  commandOf,
  commandOver,
  createTestLab,
  hostIds,
  invocationsOf,
  resultOf,
  run,
  script,
  send,
} from './test-lab.ts';
import { until } from '../../until.ts';

const everyHost = [{ Key: 'tag:c1mlab:lab', Values: ['C1mLab'] }];

/** Ends with 1 on the server only. */
const picky = { name: 'Picky', content: script([`test "$AWS_SSM_INSTANCE_ID" != ${hostIds.server}`]) };

describe('a command', () => {
  test('is answered at once, before it has hosts or invocations', async (t) => {
    const lab = await createTestLab(t, [{ name: 'True', content: script(['true']) }]);
    const { Command: command } = await lab.ssm.send(
      new SendCommandCommand({
        DocumentName: 'True',
        Targets: everyHost,
        TimeoutSeconds: 60,
        MaxConcurrency: '100%',
        MaxErrors: '0',
      }),
    );
    assert.equal(command?.Status, 'Pending');
    assert.equal(command?.TargetCount, 0);
    const over = await commandOver(lab, command?.CommandId ?? '');
    assert.deepEqual([over.Status, over.TargetCount, over.CompletedCount, over.ErrorCount], ['Success', 3, 3, 0]);
  });

  test('without a host of its tag is a success that says so', async (t) => {
    const lab = await createTestLab(t, [{ name: 'True', content: script(['true']) }], ['load-2']);
    const over = await commandOver(lab, await send(lab, 'True', 'load-2'));
    assert.deepEqual([over.Status, over.StatusDetails, over.TargetCount], ['Success', 'NoInstancesInTag', 0]);
  });

  test('fails on more errors than MaxErrors allows, and is incomplete on fewer', async (t) => {
    const lab = await createTestLab(t, [picky]);
    const strict = await commandOver(lab, await send(lab, 'Picky', 'all'));
    assert.deepEqual([strict.Status, strict.StatusDetails, strict.ErrorCount], ['Failed', 'Failed', 1]);
    const lenient = await commandOver(lab, await send(lab, 'Picky', 'all', {}, '100%'));
    assert.deepEqual([lenient.Status, lenient.StatusDetails, lenient.ErrorCount], ['Failed', 'Incomplete', 1]);
  });

  test('shows nothing of its output while it runs, and its times when it is over', async (t) => {
    const lab = await createTestLab(t, [
      { name: 'Wait', content: script(['echo out; mkfifo /opt/c1mlab/gate; read x </opt/c1mlab/gate']) },
      { name: 'Open', content: script(['echo >/opt/c1mlab/gate']) },
    ]);
    const id = await send(lab, 'Wait');
    await until('it runs', () => existsSync(join(lab.folder, 'gate')));
    const running = await resultOf(lab, id);
    assert.deepEqual([running.Status, running.ResponseCode], ['InProgress', -1]);
    assert.deepEqual([running.StandardOutputContent, running.ExecutionEndDateTime], ['', '']);
    await run(lab, 'Open');
    await commandOver(lab, id);
    const over = await resultOf(lab, id);
    assert.equal(over.StandardOutputContent, 'out\n');
    assert.equal(over.ExecutionEndDateTime, '2026-11-22T18:30:00.000Z');
  });

  test('runs with the management network only if its document is named for it', async (t) => {
    const lab = await createTestLab(t, [
      { name: 'Managed', content: script(['true']) },
      { name: 'Other', content: script(['true']) },
    ]);
    await run(lab, 'Managed');
    await run(lab, 'Other');
    assert.deepEqual(lab.hosts.server.networks, ['management', 'load']);
  });

  test('cuts standard error at 8 000 characters, as the API does', async (t) => {
    const content = script(["head -c 9000 /dev/zero | tr '\\0' a >&2"]);
    const lab = await createTestLab(t, [{ name: 'Loud', content }]);
    assert.equal((await run(lab, 'Loud')).StandardErrorContent?.length, 8000);
  });

  test('leaves no script behind', async (t) => {
    const lab = await createTestLab(t, [{ name: 'Where', content: script(['echo $0']) }]);
    const path = (await run(lab, 'Where')).StandardOutputContent?.trim() ?? '';
    assert.ok(path.endsWith('/script/_script.sh'), path);
    assert.ok(!existsSync(path));
  });

  test('kills its script and all its group after timeoutSeconds, which may be a parameter', async (t) => {
    const lines = [
      'echo partial',
      'sleep 300 & echo $! >/opt/c1mlab/pid.new',
      'mv /opt/c1mlab/pid.new /opt/c1mlab/pid',
    ];
    const content = script(
      [...lines, 'wait'],
      { timeoutSeconds: '{{ Limit }}' },
      {
        Limit: { type: 'String', description: 'Seconds', allowedPattern: '^[0-9]{1,3}$' },
      },
    );
    const lab = await createTestLab(t, [{ name: 'Slow', content }]);
    const id = await send(lab, 'Slow', 'server', { Limit: ['7'] });
    const file = join(lab.folder, 'pid');
    await until('the script runs', () => existsSync(file));
    const state = `/proc/${readFileSync(file, 'utf8').trim()}/status`;
    const isRunning = (): boolean => existsSync(state) && !/^State:\s+Z/m.test(readFileSync(state, 'utf8'));
    lab.clock.advance(6999);
    assert.equal((await commandOf(lab, id)).Status, 'InProgress');
    assert.ok(isRunning());
    lab.clock.advance(1);
    const command = await commandOver(lab, id);
    await until('the grandchild has gone', () => !isRunning());
    assert.deepEqual([command.Status, command.ErrorCount], ['Failed', 1]);
    const result = await resultOf(lab, id);
    assert.deepEqual([result.StatusDetails, result.ResponseCode], ['ExecutionTimedOut', 137]);
    assert.equal(result.StandardOutputContent, 'partial\n');
  });

  test('has an hour where SSM does not take the time-out for one', async (t) => {
    const content = script(['touch /opt/c1mlab/begun; sleep 300'], { timeoutSeconds: '4' });
    const lab = await createTestLab(t, [{ name: 'Slow', content }]);
    const id = await send(lab, 'Slow');
    await until('the script runs', () => existsSync(join(lab.folder, 'begun')));
    lab.clock.advance(3_599_999);
    assert.equal((await commandOf(lab, id)).Status, 'InProgress');
    lab.clock.advance(1);
    await commandOver(lab, id);
    assert.equal((await resultOf(lab, id)).StatusDetails, 'ExecutionTimedOut');
  });

  test('is not delivered to a host that is offline, which counts as no error', async (t) => {
    const lab = await createTestLab(t, [{ name: 'True', content: script(['true']) }]);
    lab.hosts['load-1'].lose();
    const id = await send(lab, 'True', 'all');
    await until('the others are done', async () => (await commandOf(lab, id)).CompletedCount === 2);
    lab.clock.advance(59_999);
    assert.equal((await commandOf(lab, id)).Status, 'InProgress');
    lab.clock.advance(1);
    const over = await commandOver(lab, id);
    assert.deepEqual([over.Status, over.ErrorCount, over.DeliveryTimedOutCount], ['TimedOut', 0, 1]);
    const lost = (await invocationsOf(lab, id)).find(({ InstanceName }) => InstanceName === 'load-1');
    assert.equal(lost?.StatusDetails, 'DeliveryTimedOut');
    assert.equal((await resultOf(lab, id, 'load-1')).ResponseCode, -1);
  });

  test('hears nothing of a host that is lost, and waits for delivery and script together', async (t) => {
    const content = script(['touch /opt/c1mlab/begun; sleep 300'], { timeoutSeconds: '100' });
    const lab = await createTestLab(t, [{ name: 'Slow', content }]);
    const id = await send(lab, 'Slow');
    await until('the script runs', () => existsSync(join(lab.folder, 'begun')));
    lab.hosts.server.lose();
    lab.clock.advance(159_999);
    assert.equal((await commandOf(lab, id)).Status, 'InProgress');
    await until('it is over', async () => {
      lab.clock.advance(1);
      return (await commandOf(lab, id)).Status === 'Failed';
    });
    const result = await resultOf(lab, id);
    assert.deepEqual([result.StatusDetails, result.ResponseCode], ['ExecutionTimedOut', -1]);
  });
});
