import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  counted,
  digitsWithin,
  halfRangeOf,
  threeDigits,
  unitFor,
  wholeNumber,
  withUnit,
} from '../../lib/text/units.ts';

describe('numbers', () => {
  test('have three significant digits', () => {
    assert.deepEqual([0, 0.01234, 0.5, 9.996, 12.34, 123.4, 1234.5, 1_200_000].map(threeDigits), [
      '0',
      '0.0123',
      '0.500',
      '10.00',
      '12.3',
      '123',
      '1 235',
      '1 200 000',
    ]);
  });

  test('have no digit finer than the range over repeats', () => {
    assert.equal(digitsWithin(12.3456, 3), '12');
    assert.equal(digitsWithin(12.3456, 0.3), '12.3');
    assert.equal(digitsWithin(12.3456, 0.0003), '12.3');
    assert.equal(digitsWithin(12.3456, 0), '12.3');
  });

  test('of half a range are no finer than those of its value', () => {
    assert.equal(halfRangeOf(0.596, 0.00001), '0');
    assert.equal(halfRangeOf(0.596, 0.002), '0.002');
    assert.equal(halfRangeOf(12.3, 0.04), '0');
    assert.equal(halfRangeOf(12.3, 0.06), '0.06');
    assert.equal(halfRangeOf(12, 3.4), '3');
    assert.equal(halfRangeOf(0, 0.5), '0.5');
  });

  test('agree with their noun', () => {
    assert.deepEqual(
      [counted(0, 'server'), counted(1, 'broadcast'), counted(2000, 'message')],
      ['0 servers', '1 broadcast', '2 000 messages'],
    );
  });

  test('have groups of three', () => {
    assert.deepEqual([999, 1_000, 1_234_567, -1_000].map(wholeNumber), ['999', '1 000', '1 234 567', '-1 000']);
  });
});

describe('units', () => {
  test('are one for all that are compared, and the smallest stays readable in it', () => {
    assert.equal(unitFor('micros', [1_500, 2_000_000]).name, 'ms');
    assert.equal(unitFor('micros', [20, 2_000]).name, 'µs');
    assert.equal(unitFor('micros', [400_000]).name, 'ms');
    assert.equal(unitFor('bytes', [4_200, 9_100]).name, 'kB');
    assert.equal(unitFor('bytes', [340e6]).name, 'MB');
    assert.equal(unitFor('bytes', [20, 19_000]).name, 'kB');
    assert.equal(unitFor('bytes', [0, 0]).name, 'B');
  });

  test('of a single value are its own', () => {
    assert.equal(withUnit('micros', 3_620), '3.62 ms');
    assert.equal(withUnit('micros', 275), '275 µs');
    assert.equal(withUnit('bytes', 15.2e9), '15.2 GB');
    assert.equal(withUnit('seconds', 0.0867), '86.7 ms');
    assert.equal(withUnit('micros', 0), '0 µs');
  });
});
