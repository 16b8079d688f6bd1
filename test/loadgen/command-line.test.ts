import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { LoadProcessRaw, LoadStatus } from '../../assets/loadgen/raw.ts';
import type { Summary } from '../../assets/loadgen/measure/summary.ts';
import { childrenOf, isAlive, loopbackSource } from './held-load.ts';
import { startLabServer } from './lab-server.ts';
import { assertComplete } from './url/answer-server.ts';
import { until } from '../until.ts';

const main = fileURLToPath(new URL('../../assets/loadgen/main.ts', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

/** The words of a command line; none of ours has blanks in it. */
function words(line: string): readonly string[] {
  return line.split(' ');
}

describe('the command line', { concurrency: 4 }, () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [
      words('--url ws://localhost/ --connections 1 --insecure'),
      /--insecure is for TLS, but --url is ws:\/\/localhost\//,
    ],
    [
      words('--url wss://localhost/ --connections 1 --insecure --cacert x'),
      /--insecure accepts any .* give one of them/,
    ],
    [words('--url wss://localhost/ --connections 1 --cacert /nowhere'), /--cacert cannot be read: ENOENT/],
    [words('--url wss://localhost/ --connections 1 --cacert /dev/null'), /certificates in PEM, got '\/dev\/null'/],
    [words('--url ws://[::1]:80/ --connections 1 --sources 10.0.0.1,::1'), /--sources must be all IPv4 or all IPv6/],
    [words('--url ws://localhost/ --connections 1 --header-file /nowhere'), /--header-file cannot be read: ENOENT/],
    [words('--url ws://localhost/ --connections 1 --header-file /dev/null'), /cannot be read: \/dev\/null is no file/],
    [words('--url ws://localhost/ --connections 1 --hello @/nowhere'), /--hello cannot be read: ENOENT/],
    [words('--url ws://localhost/ --connections 1 --publish-url x'), /--publish-url must be such as ws:/],
    [['--url', 'http://localhost/', '--connections', '1'], /must begin with ws:\/\/ or wss:\/\//],
    [['--url', 'nonsense', '--connections', '1'], /got 'nonsense'/],
    [['--connections', '1'], /--url is missing/],
    [['--url', 'ws://127.0.0.1:1/'], /--connections is missing/],
    [['--url', ''], /--url is empty/],
    [['--url', 'ws://127.0.0.1:1/', '--connections', '1.5'], /--connections must be a whole number, got '1.5'/],
    [['--url', 'ws://127.0.0.1:1/', '--connections', '1.0005k'], /--connections must be a whole number, got '1.0005k'/],
    [
      ['--url', 'ws://127.0.0.1:1/', '--connections', '20M'],
      /--connections must be a number from 1 to 1\d+, got '20M'/,
    ],
    [['--url', 'ws://127.0.0.1:1/', '--connections', 'k'], /--connections must be a number .*, got 'k'/],
    [['--url', 'ws://127.0.0.1:1/', '--connections', '0'], /--connections must be a number from 1/],
    [['--url', 'ws://127.0.0.1:1/', '--connections', '1', '--sources', '10.0.0.1,x'], /got 'x'/],
    [['--url', 'ws://127.0.0.1:1/', '--connections', '1', '--colour', 'red'], /Unknown option '--colour'/],
    [words('--url ws://localhost/ --connections 1 --header Upgrade:x'), /--header cannot be upgrade/],
    [words('--url ws://localhost/ --connections 1 --header secret'), /--header must be 'Name: value'/],
    [words('--url ws://localhost/ --connections 1 --header NÄ:secret'), /--header must be .* got one named 'nä'$/m],
    [[...words('--url ws://localhost/ --connections 1 --origin'), 'a\nb'], /--origin must be one line/],
    [['hold'], /--hosts is missing/],
    [['dance'], /'dance' is no command/],
  ];
  for (const [args, error] of wrong) {
    test(`fails with exit code 2 on: ${args.join(' ')}`, async () => {
      const { code, stderr } = await run(...args);
      assert.match(stderr, error);
      assert.match(stderr, /^error: [^\n]+\n {2}fix: [^\n]+\n$/);
      assert.equal(code, 2);
    });
  }

  const secretive: readonly (readonly [string, RegExp, ...string[]])[] = [
    ['ws://user:hushword@host:99999/', /--url must be such as ws:\/\/host:port\/, got 'ws:\/\/host:99999\/'/],
    ['user:hushword@host', /--url must begin with ws:\/\/ or wss:\/\/, got 'host'/],
    ['ws://user:hush/word@host:8080/', /got 'ws:\/\/host:8080\/'/],
    ['https://user:hushword@localhost/', /got 'https:\/\/localhost\/'/],
    ['ws://user:hushword@localhost/', /--insecure is for TLS, but --url is ws:\/\/localhost\//, '--insecure'],
    ['wss://user:hushword@localhost/', /give one of them/, '--insecure', '--header', 'Authorization: Bearer hushtoken'],
    [
      'ws://localhost/',
      /--publish-url .* got 'ws:\/\/host:99999\/'/,
      '--publish-url',
      'ws://user:hushword@host:99999/',
    ],
    ['ws://localhost/', /one without a colon/, '--header', 'Bearer hushtoken'],
    ['ws://localhost/', /one named 'cookie'/, '--header', 'Cookie: hushtoken\n'],
  ];
  for (const [url, error, ...more] of secretive) {
    test(`says what is wrong without a secret: ${[url, ...more].join(' ')}`, async () => {
      const { code, stdout, stderr } = await run('--url', url, '--connections', '1', ...more);
      assert.match(stderr, error);
      assert.doesNotMatch(stdout + stderr, /hush/);
      assert.equal(code, 2);
    });
  }

  test('fails with exit code 2 when there are not enough local ports, with the numbers', async () => {
    const { code, stderr } = await run(
      '--url',
      'ws://127.0.0.1:1/',
      '--connections',
      '11',
      '--local-ports',
      '2000-2009',
    );
    assert.equal(code, 2);
    assert.match(stderr, /11 connections from this host do not fit: 1 source addresses x 10 local ports/);
  });

  test('fails with exit code 3 on a name that does not resolve', async () => {
    const { code, stderr } = await run('--url', 'ws://no-such-host.invalid/', '--connections', '1');
    assert.equal(code, 3);
    assert.match(stderr, /no address found for 'no-such-host.invalid'/);
  });

  test('loads a server by its name and prints what happened as JSON', async (context) => {
    const server = await startLabServer(context, { path: '/room?id=1' });
    const outcome = await run(
      ...words(`--url ws://localhost:${server.port}/room?id=1 --connections 30 --processes 2 --json`),
      ...words(`--sources ${loopbackSource()},${loopbackSource()} --hold 0.2 --rate 500`),
      ...words(`--broadcasts 2 --interval-seconds 0.1 --echo-rate 100 --echo-seconds 0.3`),
    );
    assertComplete(outcome);
    const result = JSON.parse(outcome.stdout) as Summary & { reached: boolean; reason: string | null };
    assert.deepEqual([result.reached, result.reason, result.open, result.established], [true, null, 30, 30]);
    assert.deepEqual(
      result.phases[1]?.broadcasts.map(({ received, latencyMicros }) => [received, latencyMicros.count]),
      [
        [30, 30],
        [30, 30],
      ],
    );
    const echo = result.phases[0]?.counts ?? {};
    assert.deepEqual([echo['sent'], echo['received']], [30, 30]);
    assert.equal(result.connectMicros.count, 30);
  });

  test('keeps raw files of every process where it is told to', async (context) => {
    const server = await startLabServer(context);
    const folder = mkdtempSync(join(tmpdir(), 'c1m-alone-'));
    context.after(() => rmSync(folder, { recursive: true }));
    const outcome = await run(
      ...words(
        `--url ws://localhost:${server.port}/ --connections 0.03k --processes 2 --hold 0 --run-folder ${folder} --host here`,
      ),
      '--workload',
      'echo rate=100/s for=0.2s',
    );
    assertComplete(outcome);
    assert.deepEqual(readdirSync(folder).sort(), ['loadgen-0.json', 'loadgen-1.json', 'loadgen-status.json']);
    const raw = [0, 1].map(
      (index) => JSON.parse(readFileSync(join(folder, `loadgen-${index}.json`), 'utf8')) as LoadProcessRaw,
    );
    assert.equal(raw[0]!.counts.open + raw[1]!.counts.open, 30);
    assert.deepEqual(
      raw.map(({ host }) => host),
      ['here', 'here'],
    );
    assert.deepEqual(
      raw.map(({ phases }) => phases.map(({ kind, endedMicros }) => [kind, endedMicros !== null])),
      [[['echo', true]], [['echo', true]]],
    );
    const into = (runFolder: string) =>
      run(...words(`--url ws://localhost:${server.port}/ --connections 2 --hold 0 --run-folder ${runFolder}`));
    const made = await into(`${folder}/new`);
    // 10: late, as it may be on a busy machine.
    assert.ok(made.code === 0 || made.code === 10, made.stderr);
    assert.deepEqual(readdirSync(join(folder, 'new')), ['loadgen-0.json', 'loadgen-status.json']);
    const nowhere = await into(`${folder}/none/none`);
    assert.deepEqual([nowhere.code, nowhere.stdout], [3, '']);
    assert.match(nowhere.stderr, /^error: --run-folder cannot be made: ENOENT.*\n {2}fix: .*\n$/);
    const unwritable = await into('/proc/self');
    assert.equal(unwritable.code, 3);
    assert.match(unwritable.stdout, /2 open of 2/);
    assert.match(unwritable.stderr, /error: a raw file cannot be written: E/);
  });

  test('fails with exit code 5 when nobody listens, and says so to people', async () => {
    const { code, stdout, stderr } = await run(
      '--url',
      'ws://127.0.0.1:9/',
      '--connections',
      '3',
      '--hold',
      '0',
      '--sources',
      loopbackSource(),
    );
    assert.equal(code, 5);
    assert.match(stdout, /0 open of 3/);
    assert.match(stdout, /9 ECONNREFUSED; 3 given up/);
    assert.match(stderr, /0 of 3 connections were open at the end \(attempts: 9 ECONNREFUSED\)/);
  });

  test('hold, drive and collect work through the socket, and SIGTERM ends it all', async (context) => {
    const server = await startLabServer(context);
    const folder = mkdtempSync(join(tmpdir(), 'c1m-hold-'));
    context.after(() => rmSync(folder, { recursive: true }));
    const socket = join(folder, 'control');
    const child = spawn(
      process.execPath,
      [
        ...words(`${main} hold --connections 40 --hosts 1 --host-index 0 --server 127.0.0.1`),
        ...words(`--ports ${String(server.port)} --sources ${loopbackSource()} --local-ports 20000-29999`),
        ...words(`--processes 2 --rate 1000 --run-folder ${folder} --socket ${socket}`),
      ],
      { stdio: 'inherit' },
    );
    context.after(() => child.kill('SIGKILL'));
    const status = (): LoadStatus | null =>
      existsSync(join(folder, 'loadgen-status.json'))
        ? (JSON.parse(readFileSync(join(folder, 'loadgen-status.json'), 'utf8')) as LoadStatus)
        : null;
    await until('holding', () => status()?.phase === 'holding');
    assert.equal(status()?.counts.open, 40);
    const driven = await run(...words(`drive --socket ${socket} --workload`), 'broadcast times=2 every=0.1s');
    assert.deepEqual([driven.code, driven.stderr], [0, '']);
    assert.deepEqual((await run('collect', '--socket', socket)).code, 0);
    const raws = [0, 1, 2].map(
      (n) => JSON.parse(readFileSync(join(folder, `loadgen-${n}.json`), 'utf8')) as LoadProcessRaw,
    );
    assert.deepEqual(
      raws.map(({ schema, process, counts, phases: [phase] }) => {
        const { broadcasts, publications } = phase?.kind === 'broadcast' ? phase : { broadcasts: [], publications: [] };
        return [schema, process, counts.open, broadcasts.length, publications.length];
      }),
      [
        [2, 0, 20, 2, 0],
        [2, 1, 20, 2, 0],
        [2, 2, 0, 0, 2],
      ],
    );
    await until('the status shows it', () => status()?.broadcastMessages === 80);
    const second = await run('hold', ...child.spawnargs.slice(3));
    assert.equal(second.code, 4);
    assert.match(second.stderr, /another load generator holds connections/);
    const workers = childrenOf(child.pid!);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    assert.ok(workers.length === 3 && workers.every((pid) => !isAlive(pid)));
    assert.deepEqual(
      readdirSync(folder).filter((name) => name === 'control' || name.endsWith('.new')),
      [],
    );
    const gone = await run('collect', '--socket', socket);
    assert.equal(gone.code, 4);
    assert.match(gone.stderr, /no load generator listens on \S+ \(ENOENT\)\n {2}fix: see what .* printed/);
  });

  test('load processes go when their supervisor is killed, and SIGINT ends a run early', async (context) => {
    const server = await startLabServer(context);
    const start = (): ReturnType<typeof spawn> =>
      spawn(
        process.execPath,
        [
          ...words(`${main} --url ws://127.0.0.1:${server.port}/ --connections 10 --processes 2`),
          ...words(`--sources ${loopbackSource()} --hold 600`),
        ],
        { stdio: ['ignore', 'ignore', 'ignore'] },
      );
    const killed = start();
    await until('all open', () => server.members.size === 10);
    const workers = childrenOf(killed.pid!);
    assert.equal(workers.length, 2);
    killed.kill('SIGKILL');
    await until('they are gone', () => workers.every((pid) => !isAlive(pid)) && server.members.size === 0);

    const interrupted = start();
    await until('all open', () => server.members.size === 10);
    interrupted.kill('SIGINT');
    assert.deepEqual(await once(interrupted, 'exit'), [130, null]);
    await until('the server sees them go', () => server.members.size === 0);
  });
});

test('a workload that cannot be is two lines and exit code 2', async () => {
  const url = words('--url ws://127.0.0.1:9/ --connections 1 --workload');
  const wrong = await run(...url, 'echo rate=fast');
  assert.deepEqual(
    [wrong.code, wrong.stderr],
    [2, "error: echo (phase 1): rate cannot be 'fast'\n  fix: give 0.001/s to 10000000/s, such as rate=1000/s\n"],
  );
  const restart = await run(...url, 'restart');
  assert.equal(restart.code, 2);
  assert.match(restart.stderr, /^error: --workload has a restart, .*\n {2}fix: leave the restart out/);
});
