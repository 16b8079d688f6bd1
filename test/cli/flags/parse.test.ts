import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseCount, parseNames, parsePositiveCount, parseSeconds } from '../../../lib/cli/flags/parse.ts';

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

describe('a list of names', () => {
  test('is split at commas', () => {
    assert.deepEqual(parseNames('node, go'), ['node', 'go']);
  });

  test('fails for an empty and a doubled name', () => {
    assert.throws(() => parseNames('node,,go'), /separated by commas/);
    assert.throws(() => parseNames('node,node'), /'node' is named twice/);
  });
});
