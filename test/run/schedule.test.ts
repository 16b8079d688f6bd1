import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scheduleMeasurements, shuffle } from '../../lib/run/schedule.ts';

describe('a schedule', () => {
  test('measures every server in every round, and none always first', () => {
    const schedule = scheduleMeasurements(['a', 'b', 'c'], 3);
    assert.deepEqual(
      schedule.map(({ measurement }) => measurement),
      ['a-1', 'b-1', 'c-1', 'b-2', 'c-2', 'a-2', 'c-3', 'a-3', 'b-3'],
    );
  });

  test('names a single round by the server alone', () => {
    assert.deepEqual(scheduleMeasurements(['a'], 1), [{ server: 'a', repeat: 1, measurement: 'a' }]);
  });

  test('is shuffled without losing a server', () => {
    const numbers = [0.9, 0.1, 0.5, 0.3];
    const order = shuffle(['a', 'b', 'c', 'd', 'e'], () => numbers.shift() ?? 0);
    assert.deepEqual([...order].sort(), ['a', 'b', 'c', 'd', 'e']);
    assert.notDeepEqual(order, ['a', 'b', 'c', 'd', 'e']);
  });
});
