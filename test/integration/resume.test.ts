import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import type { HostSample } from '../../assets/host/raw.ts';
import { exitCodes } from '../../lib/config/lab-error.ts';
import { readNamespaceFacts } from '../../lib/local/hosts/namespace-facts.ts';
import type { RunRecord } from '../../lib/results/schema/run-record.ts';
import { labProgram, onlyRun, startLab, startWith, withFolder } from './lab-process.ts';
import { until } from '../until.ts';

const words =
  'run --local --servers node --connections 600 --broadcasts 1 --interval 1 --echo-seconds 1 --server-processes 2 --order random --repeats 3 --out';

const readRunRecord = (folder: string): RunRecord =>
  JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as RunRecord;

describe('a run that is interrupted in its second of three measurements', () => {
  test('goes on with --resume: three rows, the first not measured again, sizes and order as they were', async () => {
    await withFolder(async (out) => {
      const lab = startLab(...words.split(' '), out);
      await until('the second measurement to be under way', () => {
        if (lab.child.exitCode !== null) throw new Error(`the run ended early: ${lab.stderr()}`);
        return /\[2\/3\] node: (opening|driving)/.test(lab.stderr());
      });
      lab.child.kill('SIGINT');
      assert.equal((await lab.ended).code, 130, lab.stderr());
      const { folder, result: interrupted } = await onlyRun(out);
      const id = basename(folder);
      assert.match(lab.stderr(), new RegExp(`--resume ${id}`));
      assert.deepEqual(
        interrupted.measurements.map(({ record }) => record.status),
        ['succeeded', 'cancelled'],
      );
      const before = readRunRecord(folder);
      const first = join(folder, 'raw/node-1');
      const filesOfFirst = (): readonly string[] =>
        readdirSync(first, { recursive: true, encoding: 'utf8' }).map(
          (name) => `${name} ${statSync(join(first, name)).mtimeMs} ${statSync(join(first, name)).ino}`,
        );
      const measuredFirst = filesOfFirst();

      const resumed = startLab('run', '--local', '--resume', id, '--out', out);
      const { code } = await resumed.ended;
      // Whether the numbers can be trusted (exit code 6) depends on what else the machine does.
      assert.ok(code === 0 || code === 6, resumed.stderr());
      assert.doesNotMatch(resumed.stderr(), /\[1\/3\]/);
      const { result } = await onlyRun(out);
      assert.deepEqual(
        result.measurements.map(({ measurement, record }) => [measurement, record.status]),
        [1, 2, 3].map((repeat) => [`node-${repeat}`, 'succeeded']),
      );
      assert.deepEqual(filesOfFirst(), measuredFirst);
      const after = readRunRecord(folder);
      assert.deepEqual([after.parameters, after.resumption], [before.parameters, before.resumption]);
      for (const { measurement, connections } of result.measurements) {
        assert.equal(connections.established, 600);
        assert.ok(readFileSync(join(folder, 'raw', measurement, 'server/server-2.out'), 'utf8').includes('listening'));
      }

      // Each measurement, also one right after another, begins without what the one before left.
      for (const host of ['server', 'load-1', 'load-2']) {
        const [line = ''] = readFileSync(join(folder, 'raw/node-3', host, 'samples.jsonl'), 'utf8').split('\n');
        assert.equal((JSON.parse(line) as HostSample).sockets.timeWait, 0, host);
      }

      const again = startLab('run', '--local', '--resume', id, '--out', out);
      assert.equal((await again.ended).code, code);
      assert.doesNotMatch(again.stderr(), /\[\d\/3\]/);
    });
  });
});

test('a run that ends before its second measurement shows what the first has found, and then why it ended', async () => {
  await withFolder(async (folder) => {
    const out = join(folder, 'out');
    const unshare = join(folder, 'unshare');
    symlinkSync(readNamespaceFacts(process.env['PATH'] ?? '').programs.unshare ?? '', unshare);
    const PATH = `${folder}:${process.env['PATH']}`;
    const lab = startWith({ ...process.env, PATH }, process.execPath, labProgram, ...words.split(' '), out);
    await until('the first measurement to be under way', () => {
      if (lab.child.exitCode !== null) throw new Error(`the run ended early: ${lab.stderr()}`);
      return /\[1\/3\] node: (opening|driving)/.test(lab.stderr());
    });
    // The hosts of the second cannot be made.
    rmSync(unshare);
    writeFileSync(unshare, '#!/bin/sh\necho no more of them >&2\nexit 1\n', { mode: 0o755 });
    const { code } = await lab.ended;
    assert.equal(code, exitCodes.environment, lab.stderr());
    assert.match(lab.stderr(), /^ended early; to resume: .*\nerror: .*no more of them\)\n {2}fix: .*\n$/m);
    assert.match(lab.stdout(), /^node \(ws\) /m);
    const { result } = await onlyRun(out);
    assert.deepEqual(
      result.measurements.map(({ record }) => record.status),
      ['succeeded'],
    );
  });
});

describe('--resume', () => {
  /** Runs to the end and gives the exit code and the two lines of the error. */
  async function failure(...more: readonly string[]): Promise<readonly [number | null, ...string[]]> {
    const lab = startLab('run', '--local', ...more);
    const { code } = await lab.ended;
    return [code, ...lab.stderr().trim().split('\n')];
  }

  test('fails with other sizes, naming them', async () => {
    const [code, problem, fix, ...more] = await failure('--resume', 'x', '--connections', '10', '--echo-rate', '0');
    assert.deepEqual([code, more], [2, []]);
    assert.match(problem ?? '', /^error: --connections, --echo-rate cannot be given with --resume/);
    assert.match(fix ?? '', /^ {2}fix: /);
  });

  test('fails for a run that is not there, and for a path', async () => {
    await withFolder(async (out) => {
      const [missing, problem] = await failure('--resume', '20260101-000000-0000', '--out', out);
      assert.equal(missing, 2);
      assert.match(problem ?? '', /there is no run at .*20260101-000000-0000/);
      const [path, wanted] = await failure('--resume', '../x', '--out', out);
      assert.equal(path, 2);
      assert.match(wanted ?? '', /--resume needs a run's id, got '\.\.\/x'/);
    });
  });
});
