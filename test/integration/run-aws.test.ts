import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { GetAutomationExecutionCommand, StartAutomationExecutionCommand } from '@aws-sdk/client-ssm';
import { hostRoot } from '../../lib/config/host/host-env-file.ts';
import { articleLab } from '../../lib/config/lab.ts';
import { startLocalLab, type LocalLab } from '../../lib/local/local-backend.ts';
import { startFakeAccount, type FakeAccount } from '../aws/backend/fake-account.ts';
import type { FakeBucket } from '../aws/backend/fake-bucket.ts';
import { onlyRun, startWith, withFolder, type LabProcess } from './lab-process.ts';
import { phaseOf } from '../results/read-merged.ts';
import { until } from '../until.ts';

const program = join(import.meta.dirname, '../../bin/c1m.ts');

/** An account whose hosts are local ones: what differs from AWS is the wire. */
interface RealAccount extends FakeAccount {
  readonly local: LocalLab;
  /** Starts `c1m` as somebody who is signed in to the account. */
  c1m(...words: readonly string[]): LabProcess;
}

async function startRealAccount(t: TestContext): Promise<RealAccount> {
  const local = await startLocalLab(articleLab);
  const account = await startFakeAccount(articleLab, local.requestHandler, bucketOf(local));
  t.after(async () => {
    await account.close();
    await local.close();
  });
  const env = { ...process.env, ...account.environment };
  return { ...account, local, c1m: (...words) => startWith(env, process.execPath, program, ...words) };
}

/** What the hosts have uploaded, as a bucket. */
function bucketOf({ hosts }: LocalLab): FakeBucket {
  const files = (): Map<string, string> => {
    const found = new Map<string, string>();
    for (const host of hosts) {
      const folder = host.path(`${hostRoot}/results`);
      if (!existsSync(folder)) continue;
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (entry.isFile()) found.set(`runs/${relative(folder, path)}`, path);
      }
    }
    return found;
  };
  return {
    list: () => new Map([...files()].map(([key, path]) => [key, () => readFileSync(path)])),
    remove: (key) => rmSync(files().get(key) ?? ''),
    tags: { 'c1mlab:lab': articleLab.name },
    pageSize: 7,
  };
}

/** Starts the Benchmark document as the console would, with these parameters. */
async function startExecution({ local }: RealAccount, more: Record<string, string[]>): Promise<string> {
  const started = await local.ssm.send(
    new StartAutomationExecutionCommand({
      DocumentName: 'C1mLab-Benchmark',
      Parameters: { Server: ['node'], Connections: ['40'], LoadProcesses: ['1'], ...more },
    }),
  );
  return started.AutomationExecutionId ?? '';
}

async function stepOf({ local }: RealAccount, id: string): Promise<string> {
  const answer = await local.ssm.send(new GetAutomationExecutionCommand({ AutomationExecutionId: id }));
  return answer.AutomationExecution?.CurrentStepName ?? '';
}

const sizes = '--servers node --connections 300 --load-processes 1 --echo-rate 50 --echo-seconds 1 --interval 1';

describe('a run on AWS, over the wire of an account on this machine', () => {
  test('is left with Ctrl-C, goes on, is found again, and leaves a whole result', { timeout: 240_000 }, async (t) => {
    const account = await startRealAccount(t);
    await withFolder(async (out) => {
      // Long enough that it still runs when two more commands have looked at it, on a busy machine as well.
      const run = account.c1m('run', ...sizes.split(' '), '--broadcasts', '45', '--out', out);
      await until('the workload to begin', () => {
        if (run.child.exitCode !== null) throw new Error(`the run ended early: ${run.stderr()}`);
        return run.stderr().includes('driving the workload');
      });
      run.child.kill('SIGINT');
      assert.equal((await run.ended).code, 130, run.stderr());
      const [id = ''] = readdirSync(out);
      assert.match(run.stderr(), new RegExp(`continues by itself; c1m attach ${id} .* c1m cancel ${id} `));

      const second = account.c1m('run', ...sizes.split(' '), '--out', join(out, 'second'));
      const status = account.c1m('status');
      assert.equal((await status.ended).code, 0, status.stderr());
      assert.match(status.stdout(), /^C1mLab in us-east-1, results in s3:\/\/c1mlab-results-test\/runs$/m);
      assert.match(status.stdout(), /^load-2 +i-\w{17} {2}c3\.2xlarge {2}running, agent Online \(3\./m);
      assert.match(status.stdout(), /^running [0-9a-f-]{36}: node, step drive, since /m);
      assert.match(status.stdout(), /300 of 300 open/);

      assert.equal((await second.ended).code, 3, second.stderr());
      assert.match(second.stderr(), /error: the hosts of C1mLab are in use: execution [^]*fix: watch it \(c1m attach /);
      rmSync(join(out, 'second'), { recursive: true });

      const attached = account.c1m('attach', '--out', out);
      const { code } = await attached.ended;
      // Whether the numbers can be trusted (exit code 6) depends on what else the machine does.
      assert.ok(code === 0 || code === 6, attached.stderr());
      const { folder, result } = await onlyRun(out);
      assert.equal(basename(folder), id);
      const record = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { readonly region?: string };
      assert.equal(record.region, 'us-east-1');
      const [measurement] = result.measurements;
      assert.equal(measurement?.record.status, 'succeeded');
      assert.equal(measurement?.connections.established, 300);
      assert.ok(measurement !== undefined);
      const { broadcasts } = phaseOf(measurement, 'broadcast');
      assert.equal(broadcasts.length, 45);
      for (const { received, missing } of broadcasts) assert.deepEqual([received, missing], [300, 0]);
      assert.deepEqual([result.where, measurement?.verdict.complete], ['aws', true]);

      const again = account.c1m('attach', id, '--out', out);
      assert.equal((await again.ended).code, 2);
      assert.match(
        again.stderr(),
        new RegExp(`error: no part of the run ${id} is running\\n {2}fix: c1m run --resume`),
      );

      // The same execution, as if it had been started from the console, on another laptop.
      const executionId = measurement?.record.executionId ?? '';
      const elsewhere = join(out, 'elsewhere');
      const fetched = account.c1m('fetch', executionId, '--out', elsewhere);
      assert.equal((await fetched.ended).code, code, fetched.stderr());
      const copy = (await onlyRun(elsewhere)).result;
      assert.deepEqual(copy.measurements[0]?.phases, measurement.phases);
      assert.deepEqual(copy.parameters, result.parameters);

      const looked = account.c1m('empty');
      assert.equal((await looked.ended).code, 0);
      assert.match(looked.stdout(), /^c1mlab-results-test holds \d+ files, [\d.]+ [kM]B; nothing is deleted/);
      assert.ok(account.state.bucket.list().size > 10);
      assert.equal((await account.c1m('empty', '--yes').ended).code, 0);
      assert.equal(account.state.bucket.list().size, 0);
    });
  });

  test(
    'that was started from the console is cancelled, and what it measured is kept',
    { timeout: 240_000 },
    async (t) => {
      const account = await startRealAccount(t);
      await withFolder(async (out) => {
        const id = await startExecution(account, { Workload: ['broadcast times=900 every=1s'] });
        await until('the workload has begun', async () => (await stepOf(account, id)) === 'drive');
        const cancelled = account.c1m('cancel', '--out', out);
        assert.equal((await cancelled.ended).code, 4, cancelled.stderr());
        const { result } = await onlyRun(out);
        const [measurement] = result.measurements;
        assert.deepEqual([measurement?.record.executionId, measurement?.record.status], [id, 'cancelled']);
        assert.equal(measurement?.connections.established, 40);
        const idle = account.c1m('status');
        assert.equal((await idle.ended).code, 0);
        assert.match(idle.stdout(), /^idle$/m);
        const nothing = account.c1m('cancel', '--out', join(out, 'none'));
        assert.equal((await nothing.ended).code, 2);
        assert.match(nothing.stderr(), /error: no benchmark is running on C1mLab\n {2}fix: /);
      });
    },
  );

  test(
    'whose host is taken back ends as failed, names the host, and keeps what the others have',
    { timeout: 240_000 },
    async (t) => {
      const account = await startRealAccount(t);
      await withFolder(async (out) => {
        const words = sizes.replace('300', '40').split(' ');
        const run = account.c1m('run', ...words, '--broadcasts', '900', '--out', out);
        await until('the workload to begin', () => {
          if (run.child.exitCode !== null) throw new Error(`the run ended early: ${run.stderr()}`);
          return run.stderr().includes('driving the workload');
        });
        const [, , lost] = account.state.instances;
        assert.ok(lost !== undefined);
        Object.assign(lost, { state: 'shutting-down', reason: 'Server.SpotInstanceTermination: interrupted' });
        assert.equal((await run.ended).code, 4, run.stderr());
        const [measurement] = (await onlyRun(out)).result.measurements;
        assert.equal(measurement?.record.status, 'failed');
        assert.match(
          measurement?.record.reason ?? '',
          /load-2 \(i-\w{17}\) is shutting-down \(Server.SpotInstanceTermination/,
        );
        assert.equal(measurement?.connections.established, 40);
      });
    },
  );
});

describe('a command line for AWS', () => {
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/nonexistent',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  };
  const cases: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>, number, RegExp])[] = [
    ['without a region', ['status'], {}, 3, /^error: no AWS region is given\n {2}fix: give --region/],
    [
      'without credentials',
      ['run', '--region', 'us-east-1'],
      {},
      3,
      /^error: no valid AWS credentials for ssm:GetParameter/,
    ],
    ['with a region that is none', ['attach', '--region', '$(reboot)'], {}, 2, /got '\$\(reboot\)'/],
    ['with a server from elsewhere', ['run', '--servers', './test/verify'], {}, 2, /test\/verify/],
    [
      'with an execution that is a path',
      ['fetch', '../x'],
      {},
      2,
      /expected the id of a run or of an execution, got '\.\.\/x'/,
    ],
    [
      'with a lab whose name a shell would read',
      ['status', '--lab', 'LAB'],
      {},
      2,
      /'name' must be letters, digits and hyphens/,
    ],
  ];
  for (const [name, words, more, code, message] of cases) {
    test(`fails ${name}, in two lines`, async () => {
      await withFolder(async (folder) => {
        const { writeFileSync } = await import('node:fs');
        const lab = join(folder, 'lab.json');
        writeFileSync(lab, JSON.stringify({ name: 'a;reboot' }));
        const line = words.map((word) => (word === 'LAB' ? lab : word));
        const started = startWith({ ...env, ...more }, process.execPath, program, ...line);
        const ended = await started.ended;
        assert.match(started.stderr(), message);
        assert.equal(ended.code, code);
        assert.equal(started.stderr().trim().split('\n').length, 2);
      });
    });
  }
});
