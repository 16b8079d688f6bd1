import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findShortfalls } from '../../../lib/results/verdict/unanswered.ts';
import { only } from '../read-merged.ts';
import { encoded } from '../statistics/histograms.ts';
import { evenly, isAbout, mergedPhase } from './measured-phase.ts';

const asked = 'heartbeat every=1s for=10s';
const kind = 'heartbeat';

test('heartbeats of all processes are added, and percentiles are of all round trips together', async () => {
  const { phase, missing, result } = await mergedPhase({
    kind,
    asked,
    parts: {
      'load-1/loadgen-0': { sent: 100, received: 100, wrong: 0, latency: encoded(evenly(100, 1_000, 1_000)) },
      'load-1/loadgen-1': { sent: 100, received: 100, wrong: 2, latency: encoded(evenly(100, 2_000, 2_000)) },
      'load-2/loadgen-0': { sent: 100, received: 97, wrong: 0, latency: encoded(evenly(97, 3_000, 3_000)) },
      'load-2/loadgen-1': { sent: 4, received: 4, wrong: 1, latency: encoded(evenly(4, 900_000, 900_000)) },
    },
  });
  assert.deepEqual([phase.sent, phase.received, phase.wrong], [304, 301, 3]);
  assert.equal(phase.latency?.count, 301);
  // The mean of four medians would be 226 500, and of four p99 the same.
  assert.ok(isAbout(phase.latency.p50Micros, 2_000), `${phase.latency.p50Micros}`);
  assert.ok(isAbout(phase.latency.p90Micros, 3_000), `${phase.latency.p90Micros}`);
  assert.ok(isAbout(phase.latency.p99Micros, 900_000), `${phase.latency.p99Micros}`);
  assert.ok(missing.includes('heartbeat: 3 of 304 pings were never answered'), missing.join('\n'));
  assert.deepEqual(findShortfalls(only(result), result.parameters.workload), missing);
});

test('a phase is as long as from the first beginning to the last end on any host, and overlaps as hosts do', async () => {
  const part = { sent: 1, received: 1, wrong: 0, latency: encoded([1_000]) };
  const { phase } = await mergedPhase({
    kind,
    asked,
    parts: {
      'load-1/loadgen-0': { ...part, from: 0, to: 7 },
      'load-1/loadgen-1': { ...part, from: 1, to: 8 },
      'load-2/loadgen-0': { ...part, from: 2, to: 10 },
    },
  });
  assert.deepEqual([phase.seconds, phase.overlap, phase.complete], [10, 0.6, true]);
  assert.deepEqual(
    phase.hosts.map(({ host, beganUnixMillis, endedUnixMillis }) => [host, (endedUnixMillis ?? 0) - beganUnixMillis]),
    [
      ['load-1', 8_000],
      ['load-2', 8_000],
    ],
  );
});

test('a process that was cut short makes the phase incomplete, and what it counted still counts', async () => {
  const part = { sent: 10, received: 10, wrong: 0, latency: encoded(evenly(10, 1_000, 2_000)) };
  const { phase, missing, result } = await mergedPhase({
    kind,
    asked,
    parts: { 'load-1/loadgen-0': part, 'load-2/loadgen-0': { ...part, to: null } },
  });
  assert.deepEqual([phase.complete, phase.sent, result.complete], [false, 20, false]);
  assert.ok(missing.includes('load-2: phase 2 of the workload, heartbeat, was cut short'), missing.join('\n'));
});

test('answers that were counted and whose latency is lost are missed, and so is a phase that nobody began', async () => {
  const lost = { sent: 10, received: 10, wrong: 0, latency: '' };
  const { phase, missing, result } = await mergedPhase({ kind, asked, parts: { 'load-1/loadgen-0': lost } });
  assert.equal(phase.latency, null);
  assert.ok(missing.includes('heartbeat: no latency was kept of what was counted'), missing.join('\n'));
  assert.deepEqual(findShortfalls(only(result), result.parameters.workload), [], 'which is no fault of the server');

  const none = await mergedPhase({ kind, asked, parts: {} });
  assert.deepEqual([none.phase.sent, none.phase.seconds, none.phase.complete], [0, null, false]);
  assert.ok(none.missing.includes('no load host began phase 2 of the workload, heartbeat'), none.missing.join('\n'));
});
