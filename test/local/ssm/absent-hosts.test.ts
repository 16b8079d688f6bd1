import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { StopAutomationExecutionCommand } from '@aws-sdk/client-ssm';
import { articleLab } from '../../../lib/config/lab.ts';
import { documentsOf } from '../../../lib/documents/documents-of.ts';
import { hostCommands } from '../../../lib/documents/host-commands.ts';
import { readOutcome } from '../../../lib/run/outcome.ts';
import { createTestLab, executionOver, hostIds, start, stepStatuses, type HostName, type TestLab } from './test-lab.ts';
import { until } from '../../until.ts';

const hangs = 'exec sleep 300';

/** The lab's own documents on hosts whose hostCommands only note that they ran, and end with 0 unless `ends` says how. */
async function labWithout(
  t: TestContext,
  missing: readonly HostName[],
  ends: Readonly<Record<string, string>> = {},
): Promise<TestLab> {
  const lab = await createTestLab(t, documentsOf(articleLab), missing);
  const folder = join(lab.folder, 'assets/host');
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(lab.folder, 'ran'));
  for (const { script } of hostCommands) {
    writeFileSync(
      join(folder, script),
      `#!/bin/sh\n: >"${lab.folder}/ran/${script}-$AWS_SSM_INSTANCE_ID"\n${ends[script] ?? 'exit 0'}\n`,
    );
    chmodSync(join(folder, script), 0o755);
  }
  return lab;
}

/** Which hostCommands have run on a host, in alphabetical order. */
function ranOn(lab: TestLab, host: HostName): string {
  const ran = readdirSync(join(lab.folder, 'ran')).filter((file) => file.endsWith(hostIds[host]));
  return ran
    .map((file) => file.slice(0, file.indexOf('-')))
    .sort()
    .join(' ');
}

/** What `c1m` makes of an execution, once it is over. */
async function concluded(lab: TestLab, id: string): Promise<string> {
  const { status, reason } = await readOutcome({ ssm: lab.ssm, lab: articleLab }, await executionOver(lab, id));
  return `${status}: ${reason}`;
}

const benchmark = { Server: ['node'], DriveTimeoutSeconds: ['900'] };
/** Collect and Stop each wait for a host that is lost as long as a command may wait for its agent. */
const passMillis = 10_000;
/** What SSM gives the agents to take Drive up, and Drive to end: 300 s and 900 s. */
const driveMillis = 1_200_000;

describe('a benchmark that anybody starts', () => {
  test('runs every command on its hosts when all of them are there', async (t) => {
    const lab = await labWithout(t, []);
    const over = await executionOver(lab, await start(lab, 'C1mLab-Benchmark', benchmark));
    assert.equal(over.AutomationExecutionStatus, 'Success');
    assert.equal(ranOn(lab, 'server'), 'build collect prepare restart start stop');
    assert.equal(ranOn(lab, 'load-2'), 'build collect drive prepare ramp stop');
  });

  const absences: readonly [readonly HostName[], HostName][] = [
    [['load-2'], 'load-2'],
    [['server'], 'server'],
    [['server', 'load-1', 'load-2'], 'server'],
  ];
  for (const [missing, named] of absences) {
    test(`fails at once without ${missing.join(', ')}, before anything runs, and names ${named}`, async (t) => {
      const lab = await labWithout(t, missing);
      const id = await start(lab, 'C1mLab-Benchmark', benchmark);
      assert.match(
        await concluded(lab, id),
        new RegExp(`^failed: ${named} is missing, or its SSM agent is not online`),
      );
      for (const host of ['server', 'load-1', 'load-2'] as const) assert.equal(ranOn(lab, host), '');
    });
  }

  test('fails at once with a host whose agent is not heard', async (t) => {
    const lab = await labWithout(t, []);
    lab.hosts['load-1'].lose();
    const id = await start(lab, 'C1mLab-Benchmark', benchmark);
    assert.match(await concluded(lab, id), /^failed: load-1 is missing, or its SSM agent is not online/);
    assert.equal(ranOn(lab, 'server'), '');
  });

  test('ends by the time-out of Drive with a host that dies meanwhile; the others collect and stop', async (t) => {
    const lab = await labWithout(t, [], { drive: hangs });
    const id = await start(lab, 'C1mLab-Benchmark', benchmark);
    await until('both drive', () =>
      ['load-1', 'load-2'].every((host) => ranOn(lab, host as HostName).includes('drive')),
    );
    lab.hosts['load-2'].lose();
    lab.clock.advance(driveMillis);
    const over = await executionOver(lab, id, passMillis);
    assert.match(await concluded(lab, id), /^failed: drive: /);
    assert.equal(
      stepStatuses(over).find((text) => text.startsWith('drive')),
      'drive Failed',
    );
    assert.equal(ranOn(lab, 'server'), 'build collect prepare start stop');
    assert.equal(ranOn(lab, 'load-1'), 'build collect drive prepare ramp stop');
    assert.equal(ranOn(lab, 'load-2'), 'build drive prepare ramp');
  });

  test('does not say of a command that was killed that its time was over', async (t) => {
    const lab = await labWithout(t, [], { ramp: 'exit 137' });
    const id = await start(lab, 'C1mLab-Benchmark', benchmark);
    assert.match(
      await concluded(lab, id),
      /^failed: ramp: load-1: its command was ended by SIGKILL, or by its time-out \(ExecutionTimedOut\)/,
    );
  });

  test('is cancelled with a host that is lost; the others collect and stop', async (t) => {
    const lab = await labWithout(t, [], { ramp: hangs });
    const id = await start(lab, 'C1mLab-Benchmark', benchmark);
    await until('both ramp', () => ['load-1', 'load-2'].every((host) => ranOn(lab, host as HostName).includes('ramp')));
    lab.hosts['load-1'].lose();
    await lab.ssm.send(new StopAutomationExecutionCommand({ AutomationExecutionId: id }));
    await until('the others have collected', () => ranOn(lab, 'load-2').includes('collect'));
    assert.equal((await executionOver(lab, id, passMillis)).AutomationExecutionStatus, 'Cancelled');
    assert.equal(ranOn(lab, 'load-1'), 'build prepare ramp');
  });
});
