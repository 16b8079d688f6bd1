import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { downsample } from '../../../lib/results/statistics/downsample.ts';
import { sumOverTime } from '../../../lib/results/merge/merge-connections.ts';
import { memorySlope, studentQuantile } from '../../../lib/results/statistics/slope.ts';
import { seededRandom } from '../seeded-random.ts';

describe('the slope of memory over connections', () => {
  test('is exact with an interval of no width for points on a line', () => {
    const slope = memorySlope([0, 1_000, 2_000, 3_000].map((n) => [n, 50e6 + 4_200 * n]));
    assert.ok(slope !== null);
    assert.ok(Math.abs(slope.bytesPerConnection - 4_200) < 1e-6);
    assert.ok(Math.abs(slope.interceptBytes - 50e6) < 1e-2);
    assert.ok(slope.highBytesPerConnection - slope.lowBytesPerConnection < 1e-3);
  });

  test('agrees with a worked example of regression with its standard error', () => {
    // x 1..5, y 2 4 5 4 5: slope 0.6, residual squares 2.4, standard error sqrt(0.8 / 10), t of 3 degrees 3.182.
    const slope = memorySlope([2, 4, 5, 4, 5].map((y, index) => [index + 1, y]));
    assert.ok(slope !== null);
    assert.ok(Math.abs(slope.bytesPerConnection - 0.6) < 1e-12);
    assert.ok(Math.abs(slope.highBytesPerConnection - (0.6 + 3.182 * Math.sqrt(0.08))) < 1e-9);
  });

  test('has the truth inside its interval in about 95 of 100 noisy ramps', () => {
    const random = seededRandom(11);
    // The sum of twelve uniform numbers less six is normal enough.
    const normal = () => Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6);
    let inside = 0;
    for (let ramp = 0; ramp < 400; ramp += 1) {
      const points = Array.from({ length: 12 }, (_, n) => [n * 1_000, 4_000 * n * 1_000 + 2e6 * normal()] as const);
      const slope = memorySlope(points);
      if (slope !== null && slope.lowBytesPerConnection <= 4_000 && slope.highBytesPerConnection >= 4_000) inside += 1;
    }
    assert.ok(inside >= 365 && inside <= 395, `${inside} of 400`);
  });

  test('has the truth inside its interval in about 9 of 10 ramps whose samples follow each other', () => {
    const random = seededRandom(12);
    const normal = () => Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6);
    for (const { samples, follows, least } of [
      { samples: 12, follows: 0.5, least: 0.88 },
      { samples: 30, follows: 0.5, least: 0.89 },
      { samples: 30, follows: 0.8, least: 0.86 },
      { samples: 100, follows: 0.8, least: 0.9 },
    ]) {
      let inside = 0;
      for (let ramp = 0; ramp < 400; ramp += 1) {
        let noise = normal() / Math.sqrt(1 - follows ** 2);
        const points = Array.from({ length: samples }, (_, n) => {
          noise = follows * noise + normal();
          return [n * 1_000, 4_000 * n * 1_000 + 2e6 * noise] as const;
        });
        const slope = memorySlope(points);
        if (slope !== null && slope.lowBytesPerConnection <= 4_000 && slope.highBytesPerConnection >= 4_000)
          inside += 1;
      }
      assert.ok(inside >= least * 400, `${inside} of 400 ramps of ${samples} samples that follow by ${follows}`);
    }
  });

  test('is not made of two points, nor of one number of connections', () => {
    assert.equal(
      memorySlope([
        [0, 1],
        [10, 2],
      ]),
      null,
    );
    assert.equal(
      memorySlope([
        [5, 1],
        [5, 2],
        [5, 3],
      ]),
      null,
    );
  });

  test("uses Student's quantile, which falls to the normal one", () => {
    assert.equal(studentQuantile(3), 3.182);
    assert.ok(Math.abs(studentQuantile(11) - 2.201) < 0.004);
    assert.ok(Math.abs(studentQuantile(30) - 2.042) < 0.001);
    assert.ok(Math.abs(studentQuantile(100_000) - 1.96) < 0.001);
  });
});

describe('a series', () => {
  test('keeps its ends and its greatest value when made shorter', () => {
    const points = Array.from({ length: 20_000 }, (_, n) => [n, n === 12_345 ? 9 : 1] as const);
    const shorter = downsample(points);
    assert.ok(shorter.length <= 1_000);
    assert.deepEqual(shorter[0], points[0]);
    assert.deepEqual(shorter.at(-1), points.at(-1));
    assert.ok(shorter.some(([, value]) => value === 9));
  });

  test('of several processes is the sum of what each had at the time', () => {
    const sum = sumOverTime([
      [
        [0, 0],
        [10, 5],
        [20, 7],
      ],
      [
        [5, 1],
        [10, 2],
        [30, 0],
      ],
    ]);
    assert.deepEqual(sum, [
      [0, 0],
      [5, 1],
      [10, 7],
      [20, 9],
      [30, 7],
    ]);
  });
});
