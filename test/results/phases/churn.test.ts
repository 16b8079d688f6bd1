import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encoded } from '../statistics/histograms.ts';
import { evenly, isAbout, mergedPhase, type Part } from './measured-phase.ts';

const asked = 'churn rate=40/s for=10s';
const kind = 'churn';

const part: Part<'churn'> = {
  due: 100,
  closed: 100,
  closedInTime: 100,
  closeLatency: encoded(evenly(100, 500, 500)),
  opened: 100,
  attempts: 100,
  failures: {},
  givenUp: 0,
  latency: encoded(evenly(100, 1_000, 1_000)),
};

const everywhere = {
  'load-1/loadgen-0': part,
  'load-1/loadgen-1': part,
  'load-2/loadgen-0': part,
  'load-2/loadgen-1': part,
};

describe('churn', () => {
  test('of all processes is added: counts, causes, handshakes, and goodbyes apart from them', async () => {
    const { phase, missing } = await mergedPhase({
      kind,
      asked,
      parts: {
        ...everywhere,
        'load-1/loadgen-0': { ...part, attempts: 109, failures: { http503: 6, ECONNRESET: 3 } },
        'load-2/loadgen-1': {
          ...part,
          closedInTime: 95,
          closeLatency: encoded(evenly(95, 40_000, 40_000)),
          opened: 98,
          attempts: 109,
          failures: { http503: 10, ETIMEDOUT: 1 },
          givenUp: 2,
          latency: encoded(evenly(98, 80_000, 80_000)),
        },
      },
    });
    assert.deepEqual(
      [phase.due, phase.closed, phase.closedInTime, phase.opened, phase.attempts, phase.givenUp],
      [400, 400, 395, 398, 418, 2],
    );
    assert.deepEqual(phase.failures, { http503: 16, ECONNRESET: 3, ETIMEDOUT: 1 });
    assert.deepEqual([phase.latency?.count, phase.closeLatency?.count], [398, 395]);
    // A quarter of all is slow: of the whole the p50 is not and the p90 is.
    assert.ok(isAbout(phase.latency?.p50Micros, 1_000) && isAbout(phase.latency?.p90Micros, 80_000));
    assert.ok(isAbout(phase.closeLatency?.p50Micros, 500) && isAbout(phase.closeLatency?.p90Micros, 40_000));
    assert.equal(phase.connectionsPerSecond, 39.8);
    assert.ok(missing.includes('churn: 2 of 400 connections could not be opened again'), missing.join('\n'));
  });

  test('finds bytes that leak with each connection exchanged on any host', async () => {
    // 400 connections in 10 s, 30 kB each.
    const { phase } = await mergedPhase({
      kind,
      asked,
      parts: everywhere,
      serverBytes: (seconds) => 90e6 + seconds * 40 * 30_000,
    });
    assert.equal(phase.memoryGrowth?.verdict, 'grows');
    assert.ok(Math.abs(phase.memoryGrowth.bytesPerConnection - 30_000) < 1, `${phase.memoryGrowth.bytesPerConnection}`);
    assert.equal(phase.memoryGrowth.samples, 11);
  });

  test('tells what leaks from exchanges alike when the last connections come back seconds after they were due', async () => {
    const late = Object.fromEntries(Object.keys(everywhere).map((process) => [process, { ...part, to: 14 }]));
    const { phase } = await mergedPhase({
      kind,
      asked,
      parts: late,
      serverBytes: (seconds) => 90e6 + Math.min(seconds, 10) * 40 * 30_000,
    });
    assert.ok(isAbout(phase.memoryGrowth?.bytesPerConnection, 30_000), `${phase.memoryGrowth?.bytesPerConnection}`);
  });

  test('finds no leak where memory goes up and down, and says so only where it could have seen one', async () => {
    const wave = (height: number) => (seconds: number) => 90e6 + height * Math.sin(seconds * 4);
    const calm = await mergedPhase({ kind, asked, parts: everywhere, serverBytes: wave(5_000) });
    assert.equal(calm.phase.memoryGrowth?.verdict, 'none');
    const wild = await mergedPhase({ kind, asked, parts: everywhere, serverBytes: wave(5_000_000) });
    assert.equal(wild.phase.memoryGrowth?.verdict, 'unknown');
  });

  test('that closed fewer than were due says so, unless it was cut short', async () => {
    const few = { ...everywhere, 'load-2/loadgen-1': { ...part, due: 130 } };
    const sentence = 'churn: 30 of 430 connections that were to be closed were not';
    const { missing } = await mergedPhase({ kind, asked, parts: few });
    assert.ok(missing.includes(sentence), missing.join('\n'));
    const cut = await mergedPhase({ kind, asked, parts: { ...few, 'load-1/loadgen-0': { ...part, to: null } } });
    assert.ok(!cut.missing.includes(sentence), cut.missing.join('\n'));
  });

  test('of raw files that have no count of what was due has none, and misses nothing', async () => {
    const { due: _, ...before } = part;
    const { phase, missing } = await mergedPhase({ kind, asked, parts: { ...everywhere, 'load-1/loadgen-0': before } });
    assert.deepEqual([phase.due, missing.filter((line) => line.startsWith('churn: '))], [null, []]);
  });

  test('that opened nothing has no growth, no rate and no latency', async () => {
    const nothing = { ...part, closed: 5, closedInTime: 0, opened: 0, attempts: 15, givenUp: 5, latency: encoded([]) };
    const { phase } = await mergedPhase({
      kind,
      asked,
      parts: { 'load-1/loadgen-0': { ...nothing, failures: { ECONNREFUSED: 15 }, closeLatency: encoded([]) } },
    });
    assert.deepEqual([phase.memoryGrowth, phase.latency, phase.closeLatency], [null, null, null]);
    assert.equal(phase.connectionsPerSecond, 0);
  });

  test('counts a latency that cannot be read, and keeps the rest', async () => {
    const { phase, missing } = await mergedPhase({
      kind,
      asked,
      parts: { ...everywhere, 'load-1/loadgen-0': { ...part, latency: 'broken', closeLatency: 'broken' } },
    });
    assert.deepEqual([phase.latency?.count, phase.closeLatency?.count, phase.opened], [300, 300, 400]);
    assert.ok(
      missing.some((line) => /^2 .*histogram/.test(line)),
      missing.join('\n'),
    );
  });
});
