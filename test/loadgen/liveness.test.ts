import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { LoadProcessRaw, LoadStatus } from '../../assets/loadgen/raw.ts';
import { parseWorkload } from '../../assets/loadgen/workload/workload.ts';
import { startWith, withFolder } from '../integration/lab-process.ts';
import { isAlive, loopbackSource, startLoad } from './held-load.ts';
import { startLabServer } from './lab-server.ts';
import { until } from '../until.ts';

const main = join(import.meta.dirname, '../../assets/loadgen/main.ts');
/** A workload that lasts longer than any of these tests. */
const long = 'broadcast times=1000 every=1s';

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** A load generator that holds connections in a folder, ended with the test. */
async function hold(context: TestContext, folder: string, port: number): Promise<ChildProcess> {
  const words =
    `hold --connections 10 --hosts 1 --host-index 0 --server 127.0.0.1 --ports ${port} --sources ${loopbackSource()} ` +
    `--local-ports 20000-29999 --processes 2 --rate 1000 --run-folder ${folder} --socket ${join(folder, 'control')}`;
  const child = spawn(process.execPath, [main, ...words.split(' ')], { stdio: 'inherit' });
  context.after(() => child.kill('SIGKILL'));
  await until('holding', () => statusOf(folder)?.phase === 'holding');
  return child;
}

function statusOf(folder: string): LoadStatus | null {
  const file = join(folder, 'loadgen-status.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LoadStatus) : null;
}

describe('silence is noticed', { concurrency: 6, timeout: 120_000 }, () => {
  test('of a load process that is stopped: it has failed, the workload ends, the others are collected', async (context) => {
    const server = await startLabServer(context);
    const load = startLoad(context, [server.port], { connections: 10, processes: 2 });
    await until('the ramp ends', () => load.rampEnded);
    const failed = assert.rejects(load.drive(parseWorkload(long)), /^Error: load process 1 has been silent for 10 s$/);
    process.kill(load.processIds[1]!, 'SIGSTOP');
    await failed;
    assert.deepEqual(
      [load.status().phase, load.status().reason],
      ['failed', 'load process 1 has been silent for 10 s'],
    );
    // The publisher's comes last.
    const raws = await load.collectRaws();
    assert.deepEqual(
      raws.map((raw) => [raw.process, raw.counts.open]),
      [
        [0, 5],
        [2, 0],
      ],
    );
    await load.stop();
    assert.ok(load.processIds.every((pid) => !isAlive(pid)));
  });

  test('of a publishing process that is stopped', async (context) => {
    const server = await startLabServer(context);
    const load = startLoad(context, [server.port], { connections: 2 });
    await until('the ramp ends', () => load.rampEnded);
    const failed = assert.rejects(
      load.drive(parseWorkload(long)),
      /^Error: the publishing process has been silent for 10 s$/,
    );
    await until('it publishes', () => (load.status().driving?.counts['published'] ?? 0) > 0);
    process.kill(load.processIds[1]!, 'SIGSTOP');
    await failed;
    assert.equal(load.status().phase, 'failed');
  });

  test('of a supervisor that is stopped: drive and collect end, and say what it is', async (context) => {
    const server = await startLabServer(context);
    await withFolder(async (folder) => {
      const holder = await hold(context, folder, server.port);
      holder.kill('SIGSTOP');
      const socket = join(folder, 'control');
      const clients = [
        startWith(process.env, process.execPath, main, 'drive', '--socket', socket, '--workload', long),
        startWith(process.env, process.execPath, main, 'collect', '--socket', socket),
      ];
      for (const client of clients) {
        assert.equal((await client.ended).code, 4);
        assert.match(client.stderr(), /has been silent for 10 s: it is stopped or hangs\n {2}fix: /);
      }
      holder.kill('SIGCONT');
      holder.kill('SIGTERM');
      assert.deepEqual(await once(holder, 'exit'), [0, null]);
    });
  });

  test('of a drive that is killed: the workload ends, and what it measured can be collected', async (context) => {
    const server = await startLabServer(context);
    await withFolder(async (folder) => {
      await hold(context, folder, server.port);
      const socket = join(folder, 'control');
      const drive = startWith(process.env, process.execPath, main, 'drive', '--socket', socket, '--workload', long);
      await until('it drives', () => statusOf(folder)?.phase === 'driving');
      drive.child.kill('SIGKILL');
      await drive.ended;
      await until('it holds again', () => statusOf(folder)?.phase === 'holding');
      const collect = startWith(process.env, process.execPath, main, 'collect', '--socket', socket);
      assert.equal((await collect.ended).code, 0, collect.stderr());
      const raw = JSON.parse(readFileSync(join(folder, 'loadgen-0.json'), 'utf8')) as LoadProcessRaw;
      assert.equal(raw.counts.open, 5);
    });
  });

  test('and an interrupt ends a run with a stopped load process, which leaves nothing behind', async (context) => {
    const server = await startLabServer(context);
    await withFolder(async (folder) => {
      const words =
        `--url ws://127.0.0.1:${server.port}/ --connections 10 --processes 2 --hold 600 --json ` +
        `--sources ${loopbackSource()}`;
      const run = startWith({ ...process.env, TMPDIR: folder }, process.execPath, main, ...words.split(' '));
      context.after(() => run.child.kill('SIGKILL'));
      await until('all open', () => server.members.size === 10);
      const workers = childrenOf(run.child.pid!);
      process.kill(workers[0]!, 'SIGSTOP');
      run.child.kill('SIGINT');
      assert.deepEqual(await run.ended, { code: 130, signal: null });
      const { open, reason } = JSON.parse(run.stdout()) as { open: number; reason: string };
      assert.deepEqual([open, reason], [5, 'interrupted']);
      assert.ok(workers.every((pid) => !isAlive(pid)));
      assert.deepEqual(readdirSync(folder), []);
    });
  });

  test('and a run whose output nobody reads any more goes to its end', async (context) => {
    const server = await startLabServer(context);
    const words = `--url ws://127.0.0.1:${server.port}/ --connections 3 --hold 1.5 --sources ${loopbackSource()}`;
    const run = startWith(process.env, process.execPath, main, ...words.split(' '));
    run.child.stdout?.destroy();
    run.child.stderr?.destroy();
    assert.deepEqual(await run.ended, { code: 0, signal: null });
  });

  test('and a full disk at its output is told', async (context) => {
    const server = await startLabServer(context);
    const words = `--url ws://127.0.0.1:${server.port}/ --connections 3 --hold 0 --sources ${loopbackSource()}`;
    const run = startWith(
      process.env,
      'sh',
      '-c',
      `exec "$0" "$@" >/dev/full`,
      process.execPath,
      main,
      ...words.split(' '),
    );
    assert.deepEqual(await run.ended, { code: 3, signal: null });
    assert.match(run.stderr(), /the output cannot be written \(ENOSPC\)/);
  });
});
