import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { Histogram } from '../../../assets/loadgen/measure/histogram.ts';
import { distribution } from '../../../assets/loadgen/measure/summary.ts';
import { seededRandom } from '../seeded-random.ts';

const values = (): number[] => {
  const random = seededRandom(11);
  const edges = [0, 1, 2, 1023, 1024, 2047, 2048, 2049, 4095, 4096, 65535, 65536, 1_000_000, 2_147_483_646];
  return [...edges, ...Array.from({ length: 5000 }, () => random(2 ** (1 + random(31))))];
};

describe('a histogram', () => {
  test("holds the same counts as the library's own, recorded value by value", () => {
    const ours = new Histogram();
    const theirs = build({
      bitBucketSize: 32,
      lowestDiscernibleValue: 1,
      highestTrackableValue: 2 ** 31,
      numberOfSignificantValueDigits: 3,
    });
    for (const value of values()) {
      ours.record(value);
      theirs.recordValue(value);
    }
    const decoded = decodeFromCompressedBase64(ours.encode());
    assert.equal(decoded.totalCount, theirs.totalCount);
    for (let percentile = 0; percentile <= 100; percentile += 0.5) {
      assert.equal(decoded.getValueAtPercentile(percentile), theirs.getValueAtPercentile(percentile), `p${percentile}`);
    }
  });

  test('loses nothing by being compacted, before and after more values', () => {
    const all = values();
    const plain = new Histogram();
    const compacted = new Histogram();
    for (const [n, value] of all.entries()) {
      plain.record(value);
      compacted.record(value);
      if (n % 1000 === 7) compacted.compact();
    }
    assert.equal(compacted.encode(), plain.encode());
    compacted.compact();
    assert.equal(compacted.encode(), plain.encode());
    assert.equal(compacted.max, 2_147_483_646);
  });

  test('counts what is below 0 as 0 and what is beyond 35 minutes as 35 minutes', () => {
    const histogram = new Histogram();
    histogram.record(-5);
    histogram.record(1e12);
    const decoded = decodeFromCompressedBase64(histogram.encode());
    assert.equal(decoded.totalCount, 2);
    assert.ok(decoded.maxValue >= 2_146_000_000);
  });

  test('of several processes, merged, equals one that recorded everything', () => {
    const parts = [new Histogram(), new Histogram(), new Histogram()];
    const one = new Histogram();
    for (const [n, value] of values().entries()) {
      parts[n % 3]!.record(value);
      one.record(value);
    }
    assert.deepEqual(distribution(parts.map((part) => part.encode())), distribution([one.encode()]));
  });

  test('that is empty encodes to an empty one', () => {
    assert.equal(decodeFromCompressedBase64(new Histogram().encode()).totalCount, 0);
    assert.equal(encodeIntoCompressedBase64(build()).length > 0, true);
  });
});
