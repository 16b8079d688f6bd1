import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { mergeHistograms, percentileCurve, percentileOfEncoded } from '../../../lib/results/statistics/histogram.ts';
import { decoded, emptyHistogram, encoded } from './histograms.ts';
import { seededRandom } from '../seeded-random.ts';

describe('merged histograms', () => {
  test('equal one histogram that recorded all values, to the byte', () => {
    const random = seededRandom(7);
    const whole = emptyHistogram();
    const parts = Array.from({ length: 9 }, (_, part) =>
      Array.from({ length: 400 + part * 100 }, () => Math.round(random() ** 6 * 30_000_000 * (part + 1))),
    );
    for (const value of parts.flat()) whole.recordValue(value);
    const { latency, undecodable } = mergeHistograms(parts.map(encoded));
    assert.equal(undecodable, 0);
    assert.equal(latency?.histogram, encodeIntoCompressedBase64(decoded(encodeIntoCompressedBase64(whole))));
    assert.equal(latency.count, whole.totalCount);
    assert.equal(latency.p99Micros, whole.getValueAtPercentile(99));
    assert.equal(latency.p999Micros, whole.getValueAtPercentile(99.9));
  });

  test('are not averages: a slow tenth shows in the p99 as it is', () => {
    const fast = encoded(Array.from({ length: 900 }, () => 1_000));
    const slow = encoded(Array.from({ length: 100 }, () => 1_000_000));
    const { latency } = mergeHistograms([fast, slow]);
    assert.equal(latency?.p50Micros, 1_000);
    assert.ok(Math.abs(latency.p99Micros - 1_000_000) <= 1_000);
  });

  test('tell any percentile of their sum, and none of nothing', () => {
    assert.equal(percentileOfEncoded(encoded(Array.from({ length: 100 }, (_, n) => n + 1)), 25), 25);
    assert.equal(percentileOfEncoded(encoded([]), 25), null);
  });

  test('keep zero as the smallest value', () => {
    assert.equal(mergeHistograms([encoded([0, 5, 9])]).latency?.minMicros, 0);
  });

  test('of nothing are null, and empty ones add nothing', () => {
    assert.equal(mergeHistograms([]).latency, null);
    assert.equal(mergeHistograms(['', encoded([])]).latency, null);
    assert.equal(mergeHistograms(['', encoded([]), encoded([3])]).latency?.count, 1);
  });

  test('fails softly: what cannot be decoded is counted and left out', () => {
    const { latency, undecodable } = mergeHistograms([encoded([10]), 'no histogram', encoded([10]).slice(0, 20)]);
    assert.equal(undecodable, 2);
    assert.equal(latency?.count, 1);
  });
});

describe('a percentile curve', () => {
  test('rises from the smallest value to the greatest and ends at 100', () => {
    const random = seededRandom(3);
    const values = Array.from({ length: 5_000 }, () => Math.round(100 + random() * 10_000));
    const curve = percentileCurve(encoded(values));
    for (const [index, [percentile, micros]] of curve.entries()) {
      const before = curve[index - 1];
      if (before !== undefined) assert.ok(percentile > before[0] && micros >= before[1]);
    }
    assert.equal(curve.at(-1)?.[0], 100);
    assert.ok(curve.length < 80, `${curve.length} points`);
  });
});
