import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { renderReport } from '../../lib/report/render-report.ts';
import { renderTable } from '../../lib/report/render-table.ts';
import { runDifferences } from '../../lib/compare/run-differences.ts';
import type { RunRecordInput } from '../../lib/results/schema/run-record.ts';
import { changedProcess, only, readMerged } from './read-merged.ts';
import { encoded } from './statistics/histograms.ts';
import { runFiles } from './synthetic-run.ts';
import { apart, busy, loadSamples, plain, wallIn, type Files } from './verdict/measured.ts';

const target = {
  url: 'ws://host/',
  addresses: ['192.0.2.1'],
  options: ['--insecure'],
  sources: [],
  localPorts: null,
} as const;

/** The same run as if its server had only had a URL: what the server's host left is not there. */
function fromOutside(files: Files): Files {
  const record = JSON.parse(files['run.json'] ?? '') as RunRecordInput;
  const { parameters, lab } = record;
  const changes = {
    where: 'url',
    target,
    lab: { ...lab, load: { ...lab.load, hosts: 1 } },
    parameters: { ...parameters, serverProcesses: null, memoryPreset: null, connections: parameters.connections / 2 },
  };
  const kept = Object.entries(files).filter(([path]) => !/\/(server|load-2)\//.test(path));
  return { ...Object.fromEntries(kept), 'run.json': JSON.stringify({ ...record, ...changes }) };
}

describe('a server at a URL', () => {
  test('lacks nothing because its own host left no files', async () => {
    const measurement = only(await readMerged(fromOutside(runFiles({ servers: ['node'], workload: 'echo for=3s' }))));
    assert.deepEqual(measurement.missing, []);
    assert.equal(measurement.verdict.complete, true);
    assert.deepEqual(
      [measurement.memory.server, measurement.memory.kernel, measurement.cpu.serverRampSeconds],
      [null, null, null],
    );
  });

  test('is shown without a column, a card or a row for what only its own side knows', async () => {
    const result = await readMerged(fromOutside(runFiles({ servers: ['node'], workload: 'echo for=3s' })));
    const table = renderTable(result);
    assert.match(table, /^Memory and CPU of the server are unknown/m);
    assert.doesNotMatch(table, /memory preset|For reference|memory\/conn|CPU:| - /);
    const page = renderReport(result);
    assert.match(page, /<dt>addresses<\/dt>\s*<dd>192\.0\.2\.1<\/dd>/);
    assert.doesNotMatch(page, /Server memory per connection|memory preset|article 2015|Processors the server used/);
    assert.doesNotMatch(page, /memory\/conn|server B\/conn|>\s*- *</);
  });

  test('is incomplete where the time that its messages were to carry was in none of them', async () => {
    const files = fromOutside(runFiles({ servers: ['node'], workload: 'echo for=3s' }));
    const pushed = (messages: number, latencies: readonly number[]): Files => {
      const [path] = Object.keys(files).filter((each) => each.endsWith('load-1/loadgen-0.json'));
      const unstamped = messages - latencies.length;
      const stamped = { latency: encoded(latencies), sharesClock: true, unstamped, ahead: 0 };
      const pushes = { messages, bytes: messages, firstMicros: null, lastMicros: null, stamped };
      return changedProcess(files, path!, (process) => ({ ...process, pushes }));
    };
    const timed = only(await readMerged(pushed(7, [500])));
    assert.deepEqual([timed.missing, timed.verdict.complete], [[], true]);
    for (const [messages, reason] of [
      [7, '--stamp found a time of the last 35 minutes in none of 7 pushed messages'],
      [0, 'the server pushed no message that --stamp could time'],
    ] as const) {
      const untimed = only(await readMerged(pushed(messages, [])));
      assert.deepEqual(untimed.missing, [reason]);
      assert.deepEqual([untimed.verdict.complete, untimed.verdict.reasons], [false, [`incomplete: ${reason}`]]);
    }
  });

  test('leaves a busy machine to the load generator and to what is not known', async () => {
    const shared = only(await readMerged(busy(fromOutside(plain()), loadSamples)));
    const { evidence } = wallIn(shared, 'machineCpu');
    assert.match(evidence, /the load generator used \d\.\d\d of them on average, the server an unknown part/);
    assert.doesNotMatch(evidence, /the server used/);
    const remote = only(await readMerged(busy(fromOutside(apart()), loadSamples)));
    assert.match(wallIn(remote, 'loadCpu').evidence, /the load generator was the limit/);
    assert.ok(remote.verdict.walls.every(({ wall }) => wall !== 'packetsDropped'));
  });

  test('is not alike to a server of a lab, nor to itself with other options', async () => {
    const files = runFiles({ servers: ['node'] });
    const outside = await readMerged(fromOutside(files));
    assert.match(runDifferences(outside, await readMerged(files)).join('; '), /place: url in .*, one machine in/);
    const plainly = { ...outside, target: { ...target, options: [], addresses: [], sources: [] } };
    assert.match(runDifferences(outside, plainly).join('; '), /options of connections: --insecure in .*, none in/);
  });
});
