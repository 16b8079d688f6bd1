import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compare, meanOf, percentileOf, type Claim } from '../../../lib/calibration/compare/comparison.ts';

const claim = { case: 'reference-slow', behaviour: 'delay', quantity: 'p50' } as const;
const outcomeOf = (given: Pick<Claim, 'unit' | 'claimed' | 'measured' | 'noise'>): string =>
  compare({ ...claim, ...given }).outcome;

describe('a figure that is compared', () => {
  test('may be off by a millisecond where 1 % is less, and by 1 % where that is more', () => {
    assert.equal(outcomeOf({ unit: 'micros', claimed: 20_000, measured: 21_000 }), 'pass');
    assert.equal(outcomeOf({ unit: 'micros', claimed: 20_000, measured: 18_999 }), 'fail');
    assert.equal(outcomeOf({ unit: 'micros', claimed: 2_000_000, measured: 2_020_000 }), 'pass');
    assert.equal(outcomeOf({ unit: 'micros', claimed: 2_000_000, measured: 2_020_001 }), 'fail');
    assert.equal(outcomeOf({ unit: 'bytes', claimed: 1_000_000, measured: 1_010_000 }), 'pass');
    assert.equal(outcomeOf({ unit: 'bytes', claimed: 1_000_000, measured: 1_010_001 }), 'fail');
  });

  test('may not be off by one where it is a count, however busy the machine was', () => {
    assert.equal(outcomeOf({ unit: 'count', claimed: 300, measured: 300 }), 'pass');
    assert.equal(outcomeOf({ unit: 'count', claimed: 300, measured: 299, noise: 1e9 }), 'fail');
  });

  test('is not judged where its error is no more than what the machine is known to have added, and fails beyond', () => {
    assert.equal(outcomeOf({ unit: 'micros', claimed: 20_000, measured: 23_000, noise: 2_000 }), 'busy');
    assert.equal(outcomeOf({ unit: 'micros', claimed: 20_000, measured: 23_001, noise: 2_000 }), 'fail');
  });

  test('fails where nothing was measured or nothing was claimed', () => {
    assert.equal(outcomeOf({ unit: 'micros', claimed: 20_000, measured: null, noise: 1e9 }), 'fail');
    assert.equal(outcomeOf({ unit: 'count', claimed: null, measured: 3 }), 'fail');
  });

  test('has its error absolute and in percent, and none in percent of nothing', () => {
    const { error, errorPercent } = compare({ ...claim, unit: 'micros', claimed: 20_000, measured: 19_000 });
    assert.deepEqual([error, errorPercent], [-1000, -5]);
    assert.equal(compare({ ...claim, unit: 'count', claimed: 0, measured: 0 }).errorPercent, null);
  });
});

describe('percentile and mean of a list', () => {
  test('are those of nearest rank and of all', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
    assert.equal(percentileOf(hundred, 50), 50);
    assert.equal(percentileOf(hundred, 99), 99);
    assert.equal(percentileOf(hundred, 100), 100);
    assert.equal(percentileOf([7], 1), 7);
    assert.equal(meanOf([1, 2, 6]), 3);
  });

  test('of nothing are null', () => {
    assert.equal(percentileOf([], 50), null);
    assert.equal(meanOf([]), null);
  });
});
