import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CancelCommandCommand } from '@aws-sdk/client-ssm';
import { describe, test } from 'node:test';
import type { ShellStep } from '../../../../lib/documents/schema/command-document.ts';
import { eventually } from '../eventually.ts';
import {
  commandDocument,
  commandOver,
  createTestLab,
  letSettle,
  invocationsOf,
  runDocument,
  send,
  shellStep,
  stepOf,
} from '../test-lab.ts';

/** Whether a process is there and not a zombie. */
function isRunning(pid: string): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid.trim()}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a script that takes too long', () => {
  const linger = (mark: string): string[] => [
    'echo partial',
    `sleep 300 & echo $! >${mark}`,
    'trap "" TERM',
    `mv ${mark} ${mark}.ready`,
    'sleep 300',
    'wait',
  ];

  test('is killed with all its group after timeoutSeconds; what it printed is kept', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const mark = join(lab.folder, 'mark');
    const id = await send(lab, 'Run', { Parameters: { commands: linger(mark), timeout: ['7'] } });
    await eventually('the script runs', () => existsSync(`${mark}.ready`));
    const grandchild = readFileSync(`${mark}.ready`, 'utf8');
    lab.clock.advance(6999);
    await letSettle(lab);
    assert.ok(isRunning(grandchild));
    lab.clock.advance(1);
    const command = await commandOver(lab, id);
    assert.ok(!isRunning(grandchild));
    const result = await stepOf(lab, id);
    assert.equal(result.Status, 'TimedOut');
    assert.equal(result.StatusDetails, 'ExecutionTimedOut');
    assert.equal(result.ResponseCode, 137);
    assert.equal(result.StandardOutputContent, 'partial\n');
    const [invocation] = await invocationsOf(lab, id);
    assert.equal(invocation?.Status, 'TimedOut');
    assert.equal(invocation?.StatusDetails, 'ExecutionTimedOut');
    assert.equal(command.Status, 'Failed');
    assert.equal(command.StatusDetails, 'Failed');
    assert.equal(command.ErrorCount, 1);
  });

  test('a time-out that SSM does not take means an hour', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    for (const timeout of ['2', '172801', 'soon']) {
      const mark = join(lab.folder, `mark-${timeout}`);
      const id = await send(lab, 'Run', { Parameters: { commands: linger(mark), timeout: [timeout] } });
      await eventually('the script runs', () => existsSync(`${mark}.ready`));
      lab.clock.advance(3_599_999);
      await letSettle(lab);
      assert.equal((await stepOf(lab, id)).Status, 'InProgress');
      lab.clock.advance(1);
      await commandOver(lab, id);
      assert.equal((await stepOf(lab, id)).Status, 'TimedOut');
    }
  });

  test('a time-out does not stop the steps after it', async (t) => {
    const lab = await createTestLab(t, [
      {
        name: 'Two',
        content: commandDocument([
          shellStep('first', ['exit 137'], { onFailure: 'exit' }),
          shellStep('second', ['echo still']),
        ]),
      },
    ]);
    const id = await send(lab, 'Two');
    await commandOver(lab, id);
    assert.equal((await stepOf(lab, id, 'second')).StandardOutputContent, 'still\n');
    assert.equal((await invocationsOf(lab, id))[0]?.Status, 'TimedOut');
  });

  test('CancelCommand kills grandchildren in mid-run and cancels the steps after it', async (t) => {
    const first: ShellStep = { ...shellStep('first', []), inputs: { runCommand: '{{ commands }}' } };
    const commandsParameter = { type: 'StringList', description: 'Lines' } as const;
    const lab = await createTestLab(t, [
      {
        name: 'Two',
        content: commandDocument([first, shellStep('second', ['echo never'])], { commands: commandsParameter }),
      },
    ]);
    const mark = join(lab.folder, 'mark');
    const id = await send(lab, 'Two', { Parameters: { commands: linger(mark) } });
    await eventually('the script runs', () => existsSync(`${mark}.ready`));
    const grandchild = readFileSync(`${mark}.ready`, 'utf8');
    await lab.ssm.send(new CancelCommandCommand({ CommandId: id }));
    const command = await commandOver(lab, id);
    assert.ok(!isRunning(grandchild));
    assert.equal(command.Status, 'Cancelled');
    assert.equal(command.StatusDetails, 'Cancelled');
    const killed = await stepOf(lab, id, 'first');
    assert.equal(killed.Status, 'Cancelled');
    assert.equal(killed.ResponseCode, 137);
    assert.equal(killed.StandardOutputContent, 'partial\n');
    const second = await stepOf(lab, id, 'second');
    assert.equal(second.Status, 'Cancelled');
    assert.equal(second.ResponseCode, 1);
    assert.equal(second.StandardOutputContent, '');
    assert.equal((await invocationsOf(lab, id))[0]?.Status, 'Cancelled');
  });

  test('a process that has left the group does not hold up the end', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const mark = join(lab.folder, 'mark');
    const id = await send(lab, 'Run', {
      Parameters: { commands: [`setsid sh -c 'echo $$ >${mark}; mv ${mark} ${mark}.ready; sleep 300' &`, 'sleep 300'] },
    });
    await eventually('the script runs', () => existsSync(`${mark}.ready`));
    const escaped = Number(readFileSync(`${mark}.ready`, 'utf8'));
    t.after(() => process.kill(-escaped, 'SIGKILL'));
    await lab.ssm.send(new CancelCommandCommand({ CommandId: id }));
    assert.equal((await commandOver(lab, id)).Status, 'Cancelled');
    assert.ok(isRunning(String(escaped)));
  });
});
