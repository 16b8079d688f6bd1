import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { eventually } from '../eventually.ts';
import {
  commandDocument,
  commandOver,
  createTestLab,
  hostIds,
  invocationsOf,
  runDocument,
  runLines,
  send,
  shellStep,
  stepOf,
} from '../test-lab.ts';

describe('a script', () => {
  test('all lines of a step are one script, and only the last exit code counts', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const result = await runLines(lab, ['word=kept', 'false', 'echo "$word"']);
    assert.equal(result.StandardOutputContent, 'kept\n');
    assert.equal(result.Status, 'Success');
    assert.equal(result.ResponseCode, 0);
  });

  test('a shebang in the first line is honoured', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const result = await runLines(lab, ['#!/usr/bin/env bash', 'words=(a b); echo "${words[1]}"']);
    assert.equal(result.StandardOutputContent, 'b\n');
  });

  test('standard input is empty', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const result = await runLines(lab, ['wc -c; readlink /proc/self/fd/0']);
    assert.equal(result.StandardOutputContent, '0\n/dev/null\n');
  });

  test('it is the leader of a process group of its own', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const result = await runLines(lab, ['ps -o pgid= -p $$; ps -o ppid= -p $(ps -o pgid= -p $$)']);
    // The leader is what the agent started, whether `sh -c` has become the script or waits for it.
    const [group, parentOfLeader] = (result.StandardOutputContent ?? '').split('\n').map((line) => line.trim());
    assert.notEqual(group, String(process.pid));
    assert.equal(parentOfLeader, String(process.pid));
  });

  test('its environment is the agent’s and five variables of SSM: no HOME', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const result = await runLines(lab, [
      'env | grep -v -e ^_= -e ^PWD= -e ^OLDPWD= -e ^SHLVL= | sort; echo "${HOME-unset}"',
    ]);
    assert.equal(
      result.StandardOutputContent,
      `AWS_SSM_INSTANCE_ID=${hostIds[0]}\nAWS_SSM_PLATFORM_NAME=Amazon Linux\nAWS_SSM_PLATFORM_VERSION=2023\n` +
        `AWS_SSM_REGION_NAME=eu-west-1\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n` +
        `SSM_COMMAND_ID=${result.CommandId}\nunset\n`,
    );
  });

  test('an absolute working directory is taken as it is, a relative one means the agent’s', async (t) => {
    const lab = await createTestLab(t, [
      { name: 'Absolute', content: commandDocument([shellStep('step', ['pwd -P'], { workingDirectory: '/tmp' })]) },
      { name: 'Relative', content: commandDocument([shellStep('step', ['pwd -P'], { workingDirectory: 'tmp' })]) },
      { name: 'Without', content: commandDocument([shellStep('step', ['pwd -P'])]) },
    ]);
    const agents = await realpath('/usr/bin');
    for (const [name, expected] of [
      ['Absolute', await realpath('/tmp')],
      ['Relative', agents],
      ['Without', agents],
    ] as const) {
      const id = await send(lab, name);
      await commandOver(lab, id);
      assert.equal((await stepOf(lab, id)).StandardOutputContent, `${expected}\n`);
    }
  });

  test('fails in a working directory that does not exist', async (t) => {
    const lab = await createTestLab(t, [
      {
        name: 'Lost',
        content: commandDocument([shellStep('step', ['true'], { workingDirectory: '/does/not/exist' })]),
      },
    ]);
    const id = await send(lab, 'Lost');
    await commandOver(lab, id);
    const result = await stepOf(lab, id);
    assert.equal(result.Status, 'Failed');
    assert.equal(result.ResponseCode, 1);
    assert.match(result.StandardErrorContent ?? '', /^failed to run commands: /);
  });

  test('a child in the background that holds the output keeps the step going', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const gate = join(lab.folder, 'gate');
    const id = await send(lab, 'Run', {
      Parameters: { commands: [`mkfifo ${gate}`, `(read x <${gate}; echo late) 2>/dev/null &`, 'echo early'] },
    });
    await eventually('the script has ended', () => existsSync(gate));
    assert.equal((await stepOf(lab, id)).Status, 'InProgress');
    await runLines(lab, [`echo >${gate}`]);
    await commandOver(lab, id);
    assert.equal((await stepOf(lab, id)).StandardOutputContent, 'early\nlate\n');
  });

  test('while it runs the code is -1, the end is empty, and nothing of its output is shown', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const mark = join(lab.folder, 'mark');
    const id = await send(lab, 'Run', { Parameters: { commands: ['echo shown later', `touch ${mark}`, 'sleep 60'] } });
    await eventually('the script runs', () => existsSync(mark));
    const running = await stepOf(lab, id);
    assert.equal(running.Status, 'InProgress');
    assert.equal(running.StatusDetails, 'InProgress');
    assert.equal(running.ResponseCode, -1);
    assert.equal(running.ExecutionEndDateTime, '');
    assert.equal(running.StandardOutputContent, '');
    assert.match(running.ExecutionStartDateTime ?? '', /^2026-11-22T18:30:00/);
  });
});

describe('exit codes', () => {
  test('fails with the script’s own code, told at the end of standard error', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const result = await runLines(lab, ['echo out', 'printf wrong >&2', 'exit 3']);
    assert.equal(result.Status, 'Failed');
    assert.equal(result.ResponseCode, 3);
    assert.equal(result.StandardOutputContent, 'out\n');
    assert.equal(result.StandardErrorContent, 'wrongfailed to run commands: exit status 3');
  });

  test('168 ends the document as a success, without standard error', async (t) => {
    const lab = await createTestLab(t, [
      {
        name: 'Two',
        content: commandDocument([
          shellStep('first', ['echo a; echo b >&2; exit 168']),
          shellStep('second', ['echo c']),
        ]),
      },
    ]);
    const id = await send(lab, 'Two');
    assert.equal((await commandOver(lab, id)).Status, 'Success');
    const first = await stepOf(lab, id, 'first');
    assert.equal(first.Status, 'Success');
    assert.equal(first.ResponseCode, 168);
    assert.equal(first.StandardErrorContent, '');
    assert.equal(
      first.StandardOutputContent,
      'a\n\nStep exited with code 168. Therefore, marking step as succeeded. Further document steps will be skipped.',
    );
    const second = await stepOf(lab, id, 'second');
    assert.equal(second.Status, 'Success');
    assert.equal(second.ResponseCode, 0);
    assert.equal(second.StandardOutputContent, '');
    const plugins = (await invocationsOf(lab, id))[0]?.CommandPlugins;
    assert.equal(plugins?.[0]?.Output, 'a\n');
    assert.equal(
      plugins?.[1]?.Output,
      'Plugin with name aws:runShellScript and id second skipped due to prior step with an exit condition',
    );
  });

  test('fails the document with 169 and skips the rest', async (t) => {
    const lab = await createTestLab(t, [
      {
        name: 'Two',
        content: commandDocument([shellStep('first', ['echo a; exit 169']), shellStep('second', ['echo c'])]),
      },
    ]);
    const id = await send(lab, 'Two');
    assert.equal((await commandOver(lab, id)).Status, 'Failed');
    const first = await stepOf(lab, id, 'first');
    const sentence =
      '\nStep exited with code 169. Therefore, marking step as Failed. Further document steps will be skipped.';
    assert.equal(first.ResponseCode, 169);
    assert.equal(first.StandardOutputContent, `a\n${sentence}`);
    assert.equal(first.StandardErrorContent, `failed to run commands: exit status 169${sentence}`);
    assert.equal((await stepOf(lab, id, 'second')).StandardOutputContent, '');
  });

  test('137 is a time-out even if the script itself returns it', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const result = await runLines(lab, ['exit 137']);
    assert.equal(result.Status, 'TimedOut');
    assert.equal(result.StatusDetails, 'ExecutionTimedOut');
    assert.equal(result.ResponseCode, 137);
    assert.equal(result.StandardErrorContent, '');
  });

  test('fails with -1 when a signal kills what the agent started', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const result = await runLines(lab, ['kill -TERM 0']);
    assert.equal(result.Status, 'Failed');
    assert.equal(result.ResponseCode, -1);
    assert.match(result.StandardErrorContent ?? '', /^failed to run commands: signal: /);
  });

  test('fails with 194, because a local host cannot reboot', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const result = await runLines(lab, ['exit 194']);
    assert.equal(result.Status, 'Failed');
    assert.match(result.StandardErrorContent ?? '', /reboot/);
  });
});
