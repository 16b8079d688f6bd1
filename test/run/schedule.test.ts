import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scheduleMeasurements } from '../../lib/run/schedule.ts';
import { seededRandom } from '../results/seeded-random.ts';

const names = (schedule: ReturnType<typeof scheduleMeasurements>): readonly string[] =>
  schedule.map(({ measurement }) => measurement);

describe('a schedule', () => {
  test('in given order measures every server in every round as named', () => {
    assert.deepEqual(names(scheduleMeasurements(['b', 'a', 'c'], 2, 'given', Math.random)), [
      'b-1',
      'a-1',
      'c-1',
      'b-2',
      'a-2',
      'c-2',
    ]);
  });

  test('names a single round by the server alone', () => {
    const expected = [{ server: 'a', repeat: 1, measurement: 'a' }];
    assert.deepEqual(scheduleMeasurements(['a'], 1, 'given', Math.random), expected);
  });

  test('in random order shuffles each round by itself, and loses none', () => {
    const servers = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const schedule = scheduleMeasurements(servers, 3, 'random', seededRandom(1));
    const rounds = [1, 2, 3].map((round) =>
      schedule.filter(({ repeat }) => repeat === round).map(({ server }) => server),
    );
    for (const round of rounds) assert.deepEqual(round.toSorted(), servers);
    assert.equal(new Set([servers, ...rounds].map((round) => round.join())).size, 4);
    assert.deepEqual(
      schedule.map(({ repeat }) => repeat),
      rounds.flatMap((round, index) => round.map(() => index + 1)),
    );
  });
});
