import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as v from 'valibot';
import { runResultSchema } from '../../lib/results/schema/run-result.ts';
import { changed, changedProcess, only, phaseOf, readMerged, withPhase } from './read-merged.ts';
import { encoded } from './statistics/histograms.ts';
import { runFiles, shapes } from './synthetic-run.ts';
import { kernelBytesPerPair } from './synthetic/host-files.ts';

describe('a run that went well', () => {
  test('is valid, reached and complete, and its counts are the clients’', async () => {
    const result = await readMerged(runFiles({ servers: ['node'], connections: 2_001, broadcasts: 4 }));
    const measurement = only(result);
    assert.deepEqual(measurement.verdict, {
      valid: true,
      reached: true,
      stoppedAt: null,
      complete: true,
      walls: [],
      measurementFaults: [],
      reasons: [],
    });
    assert.equal(result.complete, true);
    assert.equal(measurement.connections.established, 2_001);
    assert.equal(measurement.connections.peak, 2_001);
    const { broadcasts } = phaseOf(measurement, 'broadcast');
    assert.equal(broadcasts.length, 4);
    for (const broadcast of broadcasts) {
      assert.equal(broadcast.received, 2_001);
      assert.equal(broadcast.missing, 0);
    }
  });

  test('has as its peak what one load process held between two counts', async () => {
    const files = changedProcess(runFiles({ servers: ['node'] }), 'raw/node/load-1/loadgen-0.json', (process) => ({
      ...process,
      ramp: { ...process.ramp, mostOpen: 5_000_000 },
    }));
    assert.equal(only(await readMerged(files)).connections.peak, 5_000_000);
  });

  test('shows connections as open until they were lost, however long nothing had changed before', async () => {
    const files = changedProcess(runFiles({ servers: ['node'] }), 'raw/node/load-1/loadgen-0.json', (process) => {
      const [lastMicros] = process.ramp.openOverTime.at(-1)!;
      const openOverTime = [...process.ramp.openOverTime, [lastMicros + 60e6, 0] as const];
      return { ...process, ramp: { ...process.ramp, openOverTime } };
    });
    const { connections } = only(await readMerged(files)).series;
    const lost = connections.findIndex(([seconds]) => seconds > 60);
    const [before, after] = [connections[lost]!, connections[lost + 1]!];
    assert.deepEqual([before[1] > after[1], Math.round(after[0] - before[0])], [true, 1]);
  });

  test('fits the published schema', async () => {
    const result = await readMerged(runFiles({ repeats: 2 }));
    assert.deepEqual(v.parse(runResultSchema, JSON.parse(JSON.stringify(result))), JSON.parse(JSON.stringify(result)));
  });

  test('gives the same result from the same files', async () => {
    assert.deepEqual(await readMerged(runFiles()), await readMerged(runFiles()));
  });

  test('finds the bytes a connection that the files were made with', async () => {
    const measurement = only(await readMerged(runFiles({ servers: ['netty'], connections: 6_000, connectRate: 300 })));
    const { server, kernel } = measurement.memory;
    assert.ok(server !== null && kernel !== null);
    assert.ok(Math.abs(server.bytesPerConnection / shapes.netty.bytesPerConnection - 1) < 0.02);
    assert.ok(server.lowBytesPerConnection <= server.bytesPerConnection);
    assert.ok(Math.abs(kernel.bytesPerConnection / kernelBytesPerPair - 1) < 0.02);
    assert.equal(measurement.memory.kernelHoldsBothEnds, true);
  });

  test('has the limit of open files of what ran, and not of what prepared the host', async () => {
    const files = runFiles({ servers: ['node'] });
    const merged = await readMerged(
      changed(files, 'raw/node/server/facts.json', (facts) => ({ ...facts, openFilesLimit: 5_000 })),
    );
    assert.equal(merged.hosts.find(({ role }) => role === 'server')?.openFilesLimit, 20_000);
  });

  test('finds the ramp’s length, rate and processor time', async () => {
    const measurement = only(await readMerged(runFiles({ servers: ['go'], connections: 2_000, connectRate: 400 })));
    assert.equal(measurement.ramp.seconds, 5);
    assert.equal(measurement.ramp.connectionsPerSecond, 400);
    const expected = (2_000 * shapes.go.cpuMicros) / 1e6;
    assert.ok(Math.abs((measurement.cpu.serverRampSeconds ?? 0) - expected) < 0.05);
  });
});

describe('broadcast latency', () => {
  test('is taken from the publishing host alone, also where another host recorded some', async () => {
    const files = runFiles({ servers: ['node'], broadcasts: 2 });
    const clean = only(await readMerged(files));
    const [first] = phaseOf(clean, 'broadcast').broadcasts;
    assert.equal(first?.publishedBy, 'load-1');
    assert.equal(first.latency?.count, 1_000);
    // A host that did not publish has no due time on its own clock; what it wrote must not be used.
    const foreign = changedProcess(files, 'raw/node/load-2/loadgen-0.json', (process) =>
      withPhase(process, 'broadcast', (phase) => ({
        ...phase,
        broadcasts: phase.broadcasts.map((broadcast) => ({
          ...broadcast,
          latency: broadcast.latency ?? encoded([1_000_000]),
        })),
      })),
    );
    assert.deepEqual(phaseOf(only(await readMerged(foreign)), 'broadcast'), phaseOf(clean, 'broadcast'));
  });

  test('and spread do not change when the hosts’ clocks lie apart', async () => {
    const near = only(await readMerged(runFiles({ servers: ['node'] })));
    const apart = only(await readMerged(runFiles({ servers: ['node'], hostsShareOneMachine: false })));
    assert.deepEqual(phaseOf(apart, 'broadcast').broadcasts, phaseOf(near, 'broadcast').broadcasts);
    assert.deepEqual(apart.connections, near.connections);
    assert.deepEqual(apart.series.connections, near.series.connections);
    assert.equal(apart.memory.kernelHoldsBothEnds, false);
  });

  test('over all broadcasts is one histogram with every message of the publishing hosts', async () => {
    const measurement = only(await readMerged(runFiles({ servers: ['node'], broadcasts: 3 })));
    const { latency, broadcasts } = phaseOf(measurement, 'broadcast');
    assert.equal(latency?.count, 3_000);
    assert.equal(latency.maxMicros, Math.max(...broadcasts.map((broadcast) => broadcast.latency?.maxMicros ?? 0)));
  });

  test('counts what is missing, doubled and out of order', async () => {
    const files = changedProcess(runFiles({ servers: ['node'] }), 'raw/node/load-1/loadgen-1.json', (process) =>
      withPhase(process, 'broadcast', (phase) => ({
        ...phase,
        broadcasts: phase.broadcasts.map((broadcast) =>
          broadcast.seq === 1
            ? { ...broadcast, received: broadcast.received - 7, duplicates: 3, outOfOrder: 2 }
            : broadcast,
        ),
      })),
    );
    const second = phaseOf(only(await readMerged(files)), 'broadcast').broadcasts[1];
    assert.equal(second?.missing, 7);
    assert.equal(second.duplicates, 3);
    assert.equal(second.outOfOrder, 2);
  });

  test('blames no server for an order that the turns of the hosts made', async () => {
    const late = changedProcess(runFiles({ servers: ['node'] }), 'raw/node/load-1/loadgen-2.json', (process) =>
      withPhase(process, 'broadcast', (phase) => ({
        ...phase,
        publications: phase.publications.map((one) =>
          one.seq === 0 ? { ...one, dueMicros: one.dueMicros + 3e6 } : one,
        ),
      })),
    );
    const [first, second] = phaseOf(only(await readMerged(late)), 'broadcast').broadcasts;
    assert.equal(first?.outOfOrder, null);
    assert.equal(second?.outOfOrder, 0);
  });

  test('sums the server’s own answers over its processes', async () => {
    const measurement = only(await readMerged(runFiles({ servers: ['node'], serverProcesses: 2 })));
    const [first] = phaseOf(measurement, 'broadcast').broadcasts;
    assert.equal(first?.server?.members, 2_000);
    assert.equal(first.server.unanswered, 0);
  });
});

describe('repeats', () => {
  test('are summed up by median and range', async () => {
    const result = await readMerged(runFiles({ servers: ['netty', 'node'], repeats: 3 }));
    assert.equal(result.measurements.length, 6);
    const [netty] = result.servers;
    const own = result.measurements
      .filter(({ server }) => server === 'netty')
      .map((measurement) => phaseOf(measurement, 'broadcast').latency?.p99Micros ?? 0)
      .sort((a, b) => a - b);
    assert.deepEqual(netty?.figures['broadcast.p99Micros'], { median: own[1], low: own[0], high: own[2], repeats: 3 });
  });

  test('that are invalid are left out while others remain', async () => {
    const files = changedProcess(
      runFiles({ servers: ['node'], repeats: 3 }),
      'raw/node-2/load-1/loadgen-0.json',
      (process) => withPhase(process, 'echo', (phase) => ({ ...phase, maxTurnMicros: 5_000_000 })),
    );
    const [node] = (await readMerged(files)).servers;
    assert.deepEqual(node?.compared, ['node-1', 'node-3']);
    assert.equal(node.valid, 2);
    assert.equal(node.measured, 3);
  });
});
