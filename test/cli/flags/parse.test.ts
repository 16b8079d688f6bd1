import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  countWithin,
  parseCount,
  parseNames,
  parsePositiveCount,
  parseSeconds,
  secondsWithin,
} from '../../../lib/cli/flags/parse.ts';

describe('a number on the command line', () => {
  test('may be written short', () => {
    assert.deepEqual(['10000', '10k', '1.2M', '0'].map(parseCount), [10_000, 10_000, 1_200_000, 0]);
  });

  test('fails when it is no count, and the error says the value', () => {
    for (const bad of ['', '-1', '1.5', '1e6', '10kk', 'many', '1000M', '1.0001k']) {
      assert.throws(() => parseCount(bad), new RegExp(`got '${bad.replaceAll('.', '\\.')}'`));
    }
    assert.throws(() => parsePositiveCount('0'), /at least 1/);
  });

  test('of seconds may have decimals, and fails at zero', () => {
    assert.equal(parseSeconds('0.25'), 0.25);
    for (const bad of ['0', '-2', '1.2345', '2s', '']) assert.throws(() => parseSeconds(bad), /seconds/);
  });
});

describe('a number with bounds', () => {
  test('may be either of them', () => {
    assert.deepEqual(['1', '1k'].map(countWithin(1, 1000)), [1, 1000]);
    assert.deepEqual(['0.01', '60'].map(secondsWithin(0.01, 60)), [0.01, 60]);
  });

  test('fails beyond them, and the error says which they are and the value', () => {
    for (const bad of ['0', '1001', '1M']) assert.throws(() => countWithin(1, 1000)(bad), /1 to 1000, got '\d+M?'/);
    for (const bad of ['0.009', '60.001']) {
      assert.throws(() => secondsWithin(0.01, 60)(bad), /0.01 to 60 seconds, got '[\d.]+'/);
    }
  });
});

describe('a list of names', () => {
  test('is split at commas', () => {
    assert.deepEqual(parseNames('node, go'), ['node', 'go']);
  });

  test('fails for an empty and a doubled name', () => {
    assert.throws(() => parseNames('node,,go'), /separated by commas/);
    assert.throws(() => parseNames('node,node'), /'node' is named twice/);
  });
});
