import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { renderTable } from '../../lib/report/render-table.ts';
import { readRun, UnreadableRunError } from '../../lib/results/raw/read-run.ts';
import { changed, only, phaseOf, readMerged } from './read-merged.ts';
import { runFiles, writeFiles } from './synthetic-run.ts';

const plain = () => runFiles({ servers: ['node'] });

/** Files without those whose path matches. */
function without(files: Readonly<Record<string, string>>, pattern: RegExp): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !pattern.test(path)));
}

describe('raw files that are missing or cut short', () => {
  test('a torn last sample is named, and the others are used', async () => {
    const files = plain();
    const path = 'raw/node/server/samples.jsonl';
    const whole = only(await readMerged(files));
    const torn = only(await readMerged({ ...files, [path]: (files[path] ?? '').trimEnd().slice(0, -30) }));
    assert.equal(torn.verdict.complete, false);
    assert.ok(
      torn.missing.some((what) => /server\/samples\.jsonl: 1 of \d+ lines/.test(what)),
      torn.missing.join('\n'),
    );
    assert.deepEqual(torn.memory.server, whole.memory.server);
  });

  test('a lost load host leaves the other’s counts and says so', async () => {
    const result = await readMerged(without(plain(), /load-2\//));
    const measurement = only(result);
    assert.equal(result.complete, false);
    assert.ok(measurement.missing.includes('host load-2 left no files'));
    assert.equal(measurement.connections.established, 1_000);
    assert.equal(measurement.verdict.reached, false);
    assert.equal(phaseOf(measurement, 'broadcast').broadcasts[0]?.received, 1_000);
  });

  test('a load process without a file is named, and the host’s last status counts for it', async () => {
    const measurement = only(await readMerged(without(plain(), /load-2\/loadgen-1\.json/)));
    assert.ok(measurement.missing.some((what) => /load-2: 1 of 2 load processes/.test(what)));
    assert.equal(measurement.connections.established, 2_000);
    assert.equal(measurement.verdict.complete, false);
    assert.ok(measurement.trust.some(({ figure }) => figure === 'connections'));
  });

  test('a process file that is cut short is left out and named', async () => {
    const files = plain();
    const path = 'raw/node/load-1/loadgen-0.json';
    const measurement = only(await readMerged({ ...files, [path]: (files[path] ?? '').slice(0, 500) }));
    assert.ok(measurement.missing.some((what) => what.includes('load-1/loadgen-0.json is cut short')));
    assert.equal(measurement.loadProcesses, 5);
  });

  test('no samples of the server leave its memory unknown, not zero', async () => {
    const measurement = only(await readMerged(without(plain(), /server\/samples/)));
    assert.equal(measurement.memory.server, null);
    assert.equal(measurement.cpu.serverRampSeconds, null);
    assert.ok(measurement.missing.includes('server: no samples'));
  });

  test('a measurement without its record is taken by its folder’s name', async () => {
    const measurement = only(await readMerged(without(plain(), /measurement\.json/)));
    assert.equal(measurement.server, 'node');
    assert.equal(measurement.verdict.complete, false);
    assert.ok(measurement.missing.includes('measurement.json is missing'));
    assert.equal(measurement.connections.established, 2_000);
  });

  test('a folder with a record and nothing else is a measurement of nothing, and invalid', async () => {
    const measurement = only(await readMerged(without(plain(), /raw\/node\/(server|load)/)));
    assert.equal(measurement.verdict.valid, false);
    assert.equal(measurement.verdict.reached, false);
    assert.ok(measurement.phases.every(({ latency, hosts }) => latency === null && hosts.length === 0));
  });

  test('a failed step is named with its failure', async () => {
    const files = changed(plain(), 'raw/node/measurement.json', (record) => ({
      ...record,
      status: 'failed',
      reason: 'drive failed',
      steps: [{ name: 'drive', status: 'Failed', failure: 'exit 1' }],
    }));
    const measurement = only(await readMerged(files));
    assert.ok(measurement.verdict.reasons.includes('incomplete: step drive: Failed, exit 1'));
  });

  test('a server that could not be built has failed: nothing is said of connections that nobody tried', async () => {
    const files = changed(without(plain(), /raw\/node\/(server|load)/), 'raw/node/measurement.json', (record) => ({
      ...record,
      status: 'failed',
      reason: 'buildServer: compiling\nerror: no such header',
      steps: [
        { name: 'buildServer', status: 'Failed', failure: 'compiling\nerror: no such header' },
        { name: 'ramp', status: 'Pending' },
      ],
    }));
    const result = await readMerged(files);
    assert.deepEqual(only(result).verdict.reasons, [
      'failed before a connection was tried',
      'incomplete: the measurement failed: buildServer: compiling | error: no such header',
      'incomplete: never ran: ramp',
    ]);
    assert.equal(only(result).verdict.valid, false);
    assert.match(renderTable(result), / failed \[1\]$/m);
  });

  test('a server that was skipped is listed with the reason and is no measurement', async () => {
    const files = changed(without(runFiles(), /raw\/node\/(server|load)/), 'raw/node/measurement.json', (record) => ({
      ...record,
      status: 'skipped',
      reason: 'npm is missing',
    }));
    const result = await readMerged(files);
    assert.deepEqual(result.skipped, [{ server: 'node', reason: 'npm is missing' }]);
    assert.equal(only(result).server, 'netty');
    assert.equal(result.complete, true);
  });

  test('a server that was asked for and left nothing makes the run incomplete', async () => {
    const result = await readMerged(without(runFiles(), /raw\/node\//));
    assert.equal(result.complete, false);
    assert.ok(result.missing.includes('node was not measured'));
  });

  test('a repeat that was never made makes the run incomplete', async () => {
    const result = await readMerged(without(runFiles({ servers: ['node'], repeats: 3 }), /raw\/node-3\//));
    assert.ok(result.missing.includes('node was measured 2 of 3 times'));
  });
});

describe('a folder without a readable run.json', () => {
  for (const [what, files] of [
    ['none', {}],
    ['one that is cut short', { 'run.json': '{"schema":1,' }],
    ['one of another shape', { 'run.json': '{"schema":2}' }],
  ] as const) {
    test(`fails with its path: ${what}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'c1m-results-'));
      try {
        await writeFiles(folder, files);
        await assert.rejects(
          readRun(folder),
          (error) => error instanceof UnreadableRunError && /run\.json/.test(error.message),
        );
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});
