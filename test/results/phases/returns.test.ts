import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encoded } from '../statistics/histograms.ts';
import { evenly, isAbout, mergedPhase } from './measured-phase.ts';

/** Clients that are back after 1 to 100 ms, 1 ms apart. */
const quick = encoded(evenly(100, 1_000, 100_000));

describe('a storm', () => {
  const kind = 'storm';
  const asked = 'storm backoff=none within=10s';
  const calm = { cut: 100, back: 100, attempts: 100, failures: {}, resetInstead: 0, latency: quick };

  test('is one of all processes: who is back is counted over everyone that was cut', async () => {
    const { phase, missing } = await mergedPhase({
      kind,
      asked,
      parts: {
        'load-1/loadgen-0': calm,
        'load-1/loadgen-1': { ...calm, attempts: 120, failures: { http503: 15, ECONNRESET: 5 } },
        'load-2/loadgen-0': { ...calm, attempts: 107, failures: { http503: 7 }, resetInstead: 100 },
        // One host in four comes back late: the median of all is quick still, 99 % and all are not.
        'load-2/loadgen-1': { ...calm, latency: encoded(evenly(100, 2_000_000, 4_000_000)) },
      },
    });
    assert.deepEqual([phase.cut, phase.back, phase.attempts, phase.resetInstead], [400, 400, 427, 100]);
    assert.deepEqual(phase.failures, { http503: 22, ECONNRESET: 5 });
    assert.ok(isAbout(phase.micros50, 67_000), `${phase.micros50}`);
    assert.ok(isAbout(phase.micros99, 3_919_000), `${phase.micros99}`);
    assert.ok(isAbout(phase.micros100, 4_000_000), `${phase.micros100}`);
    assert.deepEqual(missing, []);
  });

  test('has no time until all are back, nor 99 %, where some never came', async () => {
    const { phase, missing } = await mergedPhase({
      kind,
      asked,
      parts: {
        'load-1/loadgen-0': calm,
        'load-2/loadgen-0': { ...calm, back: 50, attempts: 900, latency: encoded(evenly(50, 1_000, 50_000)) },
      },
    });
    // 100 of 200 are 50 %: the 100th of the 150 that are back.
    assert.ok(isAbout(phase.micros50, 50_000), `${phase.micros50}`);
    assert.deepEqual([phase.micros99, phase.micros100], [null, null]);
    assert.equal(phase.latency?.count, 150);
    assert.ok(missing.includes('storm: 50 of 200 clients did not come back'), missing.join('\n'));
  });

  test('has the deepest queue and the drops of its own time, not of before or after', async () => {
    const { phase } = await mergedPhase({
      kind,
      asked,
      parts: { 'load-1/loadgen-0': { ...calm, from: 2, to: 5 }, 'load-2/loadgen-0': { ...calm, from: 3, to: 6 } },
      listening: (seconds) => ({
        queue: seconds < 2 || seconds > 6 ? 900 : seconds === 5 ? 70 : 20,
        drops: seconds < 2 ? 11 : seconds < 4 ? 12 : seconds <= 6 ? 40 : 99,
      }),
    });
    assert.deepEqual([phase.deepestListenQueue, phase.listenDrops], [70, 28]);
  });

  test('without samples of the server has neither', async () => {
    const { phase } = await mergedPhase({ kind, asked, parts: {} });
    assert.deepEqual([phase.cut, phase.micros50, phase.deepestListenQueue, phase.listenDrops], [0, null, null, null]);
  });
});

describe('a restart', () => {
  const kind = 'restart';
  const asked = 'restart backoff=none within=10s';
  const calm = { lostConnections: 100, back: 100, attempts: 100, failures: {}, firstLostMicros: 1, latency: quick };

  test('is one of all processes: causes are added, and times are of all that were lost', async () => {
    const { phase, missing } = await mergedPhase({
      kind,
      asked,
      parts: {
        'load-1/loadgen-0': { ...calm, attempts: 400, failures: { ECONNREFUSED: 290, ECONNRESET: 10 } },
        'load-1/loadgen-1': calm,
        'load-2/loadgen-0': { ...calm, attempts: 150, failures: { ECONNREFUSED: 50 } },
        'load-2/loadgen-1': { ...calm, latency: encoded(evenly(100, 2_000_000, 4_000_000)) },
      },
    });
    assert.deepEqual([phase.lostConnections, phase.back, phase.attempts], [400, 400, 750]);
    assert.deepEqual(phase.failures, { ECONNREFUSED: 340, ECONNRESET: 10 });
    assert.ok(isAbout(phase.micros50, 67_000), `${phase.micros50}`);
    assert.ok(isAbout(phase.micros99, 3_919_000), `${phase.micros99}`);
    assert.ok(isAbout(phase.micros100, 4_000_000), `${phase.micros100}`);
    assert.deepEqual(missing, []);
  });

  test('misses clients that never came back, and a server that was never restarted', async () => {
    const part = { ...calm, back: 99, latency: encoded(evenly(99, 1_000, 99_000)) };
    const short = await mergedPhase({ kind, asked, parts: { 'load-1/loadgen-0': calm, 'load-2/loadgen-0': part } });
    assert.ok(isAbout(short.phase.micros99, 99_000), `${short.phase.micros99}`);
    assert.equal(short.phase.micros100, null);
    assert.ok(
      short.missing.includes('restart: 1 of 200 clients did not come back after the restart'),
      short.missing.join('\n'),
    );

    const none = {
      lostConnections: 0,
      back: 0,
      attempts: 0,
      failures: {},
      firstLostMicros: null,
      latency: encoded([]),
    };
    const { missing } = await mergedPhase({ kind, asked, parts: { 'load-1/loadgen-0': none } });
    assert.ok(missing.includes('restart: no connection was lost: the server was not restarted'), missing.join('\n'));
  });
});
