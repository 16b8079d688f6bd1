import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergedPhase } from './measured-phase.ts';

const asked = 'idle for=10s';
const kind = 'idle';

test('idle connections of all processes are added, and those lost by cause', async () => {
  const { phase } = await mergedPhase({
    kind,
    asked,
    parts: {
      'load-1/loadgen-0': { held: 500, lost: { ECONNRESET: 2 } },
      'load-1/loadgen-1': { held: 499, lost: {} },
      'load-2/loadgen-0': { held: 500, lost: { ECONNRESET: 1, closeFrame: 4 } },
    },
  });
  assert.deepEqual([phase.held, phase.lost], [1_499, { ECONNRESET: 3, closeFrame: 4 }]);
  assert.equal(phase.latency, null);
});

test('what the server gains while nothing is done is told by the hour, with its interval', async () => {
  const grow = (jitter: number) =>
    mergedPhase({
      kind,
      asked,
      parts: { 'load-1/loadgen-0': { held: 500, lost: {} }, 'load-2/loadgen-0': { held: 500, lost: {} } },
      serverBytes: (seconds) => 90e6 + 1_000 * seconds + jitter * Math.sin(seconds * 5),
    });
  const steady = (await grow(0)).phase.bytesPerHour;
  assert.ok(steady !== null && Math.abs(steady.slope - 3_600_000) < 1, JSON.stringify(steady));
  const { slope, low, high } = (await grow(300)).phase.bytesPerHour ?? assert.fail('no slope');
  assert.ok(low < 3_600_000 && 3_600_000 < high && low < slope && slope < high, `${low} ${slope} ${high}`);
});

test('an idle phase without samples has no growth', async () => {
  const { phase } = await mergedPhase({
    kind,
    asked,
    parts: { 'load-1/loadgen-0': { held: 5, lost: {}, from: 3.1, to: 3.6 } },
  });
  assert.deepEqual([phase.held, phase.seconds, phase.bytesPerHour], [5, 0.5, null]);
});
