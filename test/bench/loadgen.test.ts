import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { firstLocalPort } from '../../lib/bench/contenders/line-contender.ts';
import { hasCompiler, openSslVersion } from '../../lib/bench/reference/compile-reference.ts';
import { allProcesses, descendants, startWith, withFolder } from '../integration/lab-process.ts';
import { namespacesForbidden } from '../local/hosts/test-hosts.ts';
import { until } from '../until.ts';

const program = fileURLToPath(new URL('../../lib/bench/loadgen.ts', import.meta.url));
const noCompiler = !hasCompiler() && 'there is no C compiler (cc)';

describe('bench:loadgen', () => {
  test('compares C, the load generator and ws at a small size, row by row', { skip: noCompiler }, () => {
    const { stdout, stderr, status } = bench(
      '--peers',
      'ws',
      '--connections',
      '200',
      '--rounds',
      '1',
      '--broadcasts',
      '2',
      '--pace-seconds',
      '0.1',
      '--tls-connections',
      '100',
      '--workload',
      'heartbeat every=0.2s for=0.4s | churn rate=200/s for=0.5s | storm cut=50% backoff=none',
    );
    assert.equal(status, 0, stderr);
    const rows = rowsOf(stdout);
    // A peer that fails is left out of the table: the report and what it wrote say why.
    assert.deepEqual(rows.get(''), ['C reference (200)', 'load generator (200)', 'ws (200)'], `${stdout}\n${stderr}`);
    for (const name of [
      'connections/s',
      'CPU µs a connection, start-up included',
      'CPU µs a broadcast message',
      'first to last arrival, ms for 10 000',
    ]) {
      const medians = (rows.get(name) ?? []).map((cell) => Number(cell.split(' / ')[1]));
      assert.equal(medians.length, 3, name);
      // From a peer's messages its idle time is taken off: on a busy machine that may be more than they cost.
      const isSure = (place: number): boolean => place < 2 || name !== 'CPU µs a broadcast message';
      assert.ok(
        medians.every((median, place) => (isSure(place) ? median > 0 : Number.isFinite(median))),
        `${name}: ${medians.join(', ')}`,
      );
    }
    for (const name of ['CPU µs a ping', 'CPU µs a reconnect, churn', 'CPU µs a reconnect, storm']) {
      const [c, ours, ws] = rows.get(name) ?? [];
      assert.ok(Number(c?.split(' / ')[1]) > 0 && Number(ours?.split(' / ')[1]) > 0, `${name}: ${c}, ${ours}`);
      assert.equal(ws, '-');
      assert.match(stdout, new RegExp(`^- (NOT )?met: ${name} within 1\\.25 of the C reference: \\d`, 'm'));
    }
    for (const name of ['CPU µs a connection', 'bytes a connection', 'idle, CPU µs/s']) assert.ok(rows.has(name), name);
    assert.match(stdout, /^- (NOT )?met: under 300 bytes a connection above the process's base: -?\d+$/m);
    if (openSslVersion() === null) assert.match(stdout, /^Over TLS: SKIPPED: there are no headers of OpenSSL/m);
    else {
      assert.match(stdout, /^- C reference: the OpenSSL 3\.\S+ inside Node$/m);
      assert.match(
        stdout,
        /^\|  +\| C reference \(100\) +\| load generator \(100\) +\| C, system's OpenSSL \(100\) +\|$/m,
      );
      assert.match(
        stdout,
        /^- ((NOT )?met: over TLS: CPU µs a connection within 1\.15 of the C reference: \d+\.\d\d|unknown: over TLS: .*: a figure is not above zero)$/m,
      );
      assert.match(stdout, /^- (NOT )?met: over TLS: under 300 bytes a connection more than without: -?\d+$/m);
    }
    assert.match(stdout, /^- (NOT )?met: ws beaten on every column/m);
  });

  test('that is asked to end leaves no peer, no server and no temporary folder', { skip: noCompiler }, async () => {
    await withFolder(async (folder) => {
      const environment = { ...process.env, TMPDIR: folder };
      const words = '--peers ws --connections 100 --rounds 100'.split(' ');
      const running = startWith(environment, process.execPath, program, ...words);
      const all = (): ReturnType<typeof descendants> => descendants(running.child.pid ?? 0);
      await until('a peer runs', () => all().some(({ command }) => command.includes('ws-client')));
      const started = new Set(all().map(({ pid, startTicks }) => `${pid} ${startTicks}`));
      running.child.kill('SIGTERM');
      assert.equal((await running.ended).code, 130, running.stderr());
      await until('all have ended', () =>
        allProcesses().every(({ pid, startTicks }) => !started.has(`${pid} ${startTicks}`)),
      );
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.startsWith('c1m-')),
        [],
      );
    });
  });

  test('fails on a peer it does not know, and names those it does', { skip: noCompiler }, () => {
    const { stderr, status } = bench('--peers', 'gatling');
    assert.equal(status, 2);
    assert.match(stderr, /^error: --peers: .*ws,k6,artillery,tsung, got 'gatling'\n {2}fix: .*\n$/);
  });

  test(
    'fails in two lines where somebody has the local ports that a round takes',
    { skip: noCompiler || namespacesForbidden() },
    () => {
      // In a network of its own, where other tests have no ports.
      const occupied = `require('node:net').createServer().listen(${firstLocalPort}, '0.0.0.0', () => {
        const { spawnSync } = require('node:child_process');
        process.exit(spawnSync(process.execPath, process.argv.slice(1), { stdio: 'inherit' }).status);
      })`;
      const words = [program, '--rounds', '1', '--connections', '200', '--peers', 'none', '--workload', 'none'];
      const alone = ['--user', '--map-root-user', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
      const { stderr, status } = spawnSync('unshare', [...alone, process.execPath, '-e', occupied, '--', ...words], {
        encoding: 'utf8',
        env: ownEnvironment(),
        timeout: 180_000,
      });
      assert.equal(status, 4, stderr);
      assert.match(
        stderr,
        new RegExp(`error: C reference: .*\\n {2}fix: run it again when .* from ${firstLocalPort} on .*\\n$`),
      );
    },
  );

  test('fails in two lines on a flag and on a number that it does not know', () => {
    for (const words of [
      ['--round', '3'],
      ['--rounds', 'many'],
      ['--workload', 'echo'],
      ['--workload', 'churn | churn'],
      ['--workload', 'storm'],
    ]) {
      const { stderr, status } = bench(...words);
      assert.equal(status, 2);
      assert.match(
        stderr,
        /^error: .*('--round'|'many'|'echo'|two phases of churn|backoff=none).*\n {2}fix: .*--help.*\n$/,
      );
    }
    assert.match(bench('--help').stdout, /--pace-seconds S/);
  });
});

function bench(
  ...benchArguments: readonly string[]
): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } {
  return spawnSync(process.execPath, [program, ...benchArguments], {
    encoding: 'utf8',
    env: ownEnvironment(),
    timeout: 180_000,
  });
}

function ownEnvironment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return env;
}

/** The first table's cells by the name of their row; the heading's is empty. */
function rowsOf(report: string): ReadonlyMap<string, readonly string[]> {
  const rows = report
    .split('\n\n')
    .find((part) => part.startsWith('|'))
    ?.split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return new Map(rows?.map(([name, ...cells]) => [name ?? '', cells]));
}
