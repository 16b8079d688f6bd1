import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { spawnSync } from 'node:child_process';
import { mergeRun } from '../../lib/results/merge/merge-run.ts';
import { readRun } from '../../lib/results/raw/read-run.ts';
import { renderTable } from '../../lib/report/render-table.ts';
import type { RunResult } from '../../lib/results/schema/run-result.ts';
import { runFiles, writeFiles, type SyntheticRun } from '../results/synthetic-run.ts';

const c1m = join(import.meta.dirname, '../../bin/c1m.ts');
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'c1m-compare-'));
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
});

function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [c1m, ...words], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** A kept run in a folder of its own. */
async function keptRun(name: string, shape: SyntheticRun): Promise<string> {
  const path = join(folder, name);
  await writeFiles(path, runFiles({ servers: ['netty'], ...shape }));
  return path;
}

/** A result.json of a run whose server needs more memory by a share. */
async function withMoreMemory(path: string, share: number): Promise<string> {
  const result = mergeRun(await readRun(path));
  const changed: RunResult = {
    ...result,
    runId: `${result.runId}-more`,
    servers: result.servers.map((server) => {
      const memory = server.figures['serverBytesPerConnection'] ?? null;
      assert.notEqual(memory, null);
      const scaled = Object.fromEntries(
        Object.entries(memory!).map(([key, value]) => [key, key === 'repeats' ? value : value * (1 + share)]),
      ) as unknown as typeof memory;
      return { ...server, figures: { ...server.figures, serverBytesPerConnection: scaled } };
    }),
  };
  const file = `${path}-more-${share}.json`;
  await writeFile(file, JSON.stringify(changed));
  return file;
}

/** A result.json of a run on a kernel of another release. */
async function onKernel(path: string, release: string): Promise<string> {
  const result = mergeRun(await readRun(path));
  const file = `${path}-${release}.json`;
  await writeFile(
    file,
    JSON.stringify({ ...result, hosts: result.hosts.map((host) => ({ ...host, kernel: release })) }),
  );
  return file;
}

describe('c1m compare', () => {
  it('takes builds of one kernel version as alike, and refuses another version', async () => {
    const path = await keptRun('kernels', { repeats: 3 });
    const [build, other, version] = [
      await onKernel(path, '6.18.44-build-1'),
      await onKernel(path, '6.18.44-build-2'),
      await onKernel(path, '6.18.45-build-1'),
    ];
    const alike = run('compare', build, other);
    assert.equal(alike.status, 0, alike.stderr);
    const { status, stderr } = run('compare', build, version);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /kernel: 6\.18\.44 in .*, 6\.18\.45 in /);
  });

  it('says that the same run differs in nothing, and its gate passes', async () => {
    const path = await keptRun('same', { repeats: 3 });
    const { status, stdout, stderr } = run('compare', path, path, '--fail-if', 'memory>5%');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /memory\/conn server .* 0\.0 % =/);
    assert.match(stdout, /passed: netty, memory/);
  });

  it('shows each figure in the unit that the table of a run shows it in', async () => {
    const path = await keptRun('units', { servers: ['netty', 'node'], repeats: 2 });
    const result = mergeRun(await readRun(path));
    const small = { median: 400, low: 400, high: 400, repeats: 2 };
    const servers = result.servers.map((one) =>
      one.server === 'node' ? { ...one, figures: { ...one.figures, serverBytesPerConnection: small } } : one,
    );
    const file = join(folder, 'units.json');
    await writeFile(file, JSON.stringify({ ...result, servers }));
    assert.match(renderTable({ ...result, servers }), /memory\/conn.*\n.*\n +B +B /);
    const { stdout, stderr } = run('compare', file, file);
    assert.equal(stdout.match(/^memory\/conn (server|kernel) +B /gm)?.length, 4, stdout + stderr);
  });

  it('ends with 9 when a figure is worse by more than its limit and than the repeats differ', async () => {
    const path = await keptRun('worse', { repeats: 3 });
    const { status, stdout } = run('compare', path, await withMoreMemory(path, 0.5), '--fail-if', 'memory>5%');
    assert.equal(status, 9, stdout);
    assert.match(stdout, /failed: netty, memory .*: 50\.0 % worse, over memory>5%/);
    assert.match(stdout, /\+50\.0 % !/);
  });

  it('passes what is worse by less than its limit, and what became better', async () => {
    const path = await keptRun('less', { repeats: 3 });
    assert.equal(run('compare', path, await withMoreMemory(path, 0.5), '--fail-if', 'memory>60%').status, 0);
    assert.equal(run('compare', path, await withMoreMemory(path, -0.5), '--fail-if', 'memory>5%').status, 0);
  });

  it('never judges from one repeat: the gate ends with 6', async () => {
    const path = await keptRun('single', { repeats: 1 });
    const { status, stdout } = run('compare', path, await withMoreMemory(path, 0.5), '--fail-if', 'memory>5%');
    assert.equal(status, 6, stdout);
    assert.match(stdout, /unknown: netty, memory .* single valid repeat/);
    assert.match(stdout, /\+50\.0 % \?/);
  });

  it('sets a run over TLS beside one in plain text, but holds neither against the other in a gate', async () => {
    const plain = await keptRun('plain', { repeats: 2 });
    const result = mergeRun(await readRun(plain));
    const secure = join(folder, 'secure.json');
    await writeFile(
      secure,
      JSON.stringify({ ...result, runId: 'secure', parameters: { ...result.parameters, tls: true } }),
    );
    const { status, stdout, stderr } = run('compare', plain, secure);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^A = .*, plain text\nB = secure.*, over TLS$/m);
    assert.match(stdout, /^memory\/conn server .*\n(.*\n)*ramp CPU\/conn /m);
    assert.doesNotMatch(stdout, /not alike/);
    const gate = run('compare', plain, secure, '--fail-if', 'memory>5%');
    assert.equal(gate.status, 2);
    assert.match(gate.stderr, /not alike: TLS: no in .*, yes in secure/);
  });

  it('refuses runs that are not alike and says what differs, unless told to compare them', async () => {
    const small = await keptRun('small', { repeats: 2, connections: 2_000 });
    const large = await keptRun('large', { repeats: 2, connections: 4_000, broadcasts: 2 });
    const refused = run('compare', small, large);
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /not alike: .*connections: 2 000 .*4 000/);
    assert.match(refused.stderr, /workload: /);
    const told = run('compare', small, large, '--allow-differences');
    assert.equal(told.status, 0, told.stderr);
    assert.match(told.stdout, /not alike: connections/);
  });

  it('refuses in two lines what is no run, no limit, or no figure', async () => {
    const path = await keptRun('good', { repeats: 2 });
    const none = join(folder, 'none');
    for (const [words, what] of [
      [
        [path, folder],
        `'${folder}' contains no result to compare: neither run.json with raw/ nor result.json is there`,
      ],
      [[path, none], `'${none}' contains no result to compare: no such file or folder`],
      [[path, path, '--fail-if', 'memory>lots'], "--fail-if: 'memory>lots' is not a limit"],
      [[path, path, '--fail-if', 'beauty>5%'], "--fail-if: these runs have no figure 'beauty' that can get worse"],
    ] as const) {
      const { status, stderr } = run('compare', ...words);
      assert.equal(status, 2, stderr);
      const [error, fix] = stderr.trimEnd().split('\n');
      assert.equal(error, `error: ${what}`);
      assert.match(fix ?? '', /^ {2}fix: /);
    }
  });
});

describe('c1m report --csv', () => {
  it('prints each figure of each measurement, and writes nothing', async () => {
    const path = await keptRun('csv', { repeats: 2 });
    const { status, stdout, stderr } = run('report', path, '--csv');
    assert.equal(status, 0, stderr);
    const [head, ...lines] = stdout.trimEnd().split('\r\n');
    assert.equal(head, 'run,began,server,repeat,connections,valid,reached,complete,figure,value,unit');
    const result = mergeRun(await readRun(path));
    const figures = Object.keys(result.servers[0]?.figures ?? {});
    assert.equal(lines.length, 2 * figures.length);
    const memory = lines.filter((line) => line.includes(',serverBytesPerConnection,'));
    assert.deepEqual(
      memory.map((line) => Number(line.split(',')[9])),
      result.measurements.map(({ memory: { server } }) => server?.bytesPerConnection),
    );
  });
});
