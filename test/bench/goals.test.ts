import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measurement } from '../../lib/bench/measure.ts';
import { goalsOf } from '../../lib/bench/report/goals.ts';
import type { Result } from '../../lib/bench/report/result.ts';

/** One round of so many connections, after a base that took a millisecond of processor time. */
function resultOf(name: string, connections: number, cpuMicros: number): Result {
  const round = (count: number, micros: number): Measurement => ({
    connections: count,
    connectionsPerSecond: 1000,
    ramped: { cpuMicros: micros, rssBytes: 1e6, anonymousBytes: 1e5 },
    cpuMicrosAMessage: 2,
    firstToLastMicros: 100,
    cpuMicrosAPiece: {},
    idleCpuMicrosASecond: 0,
  });
  return { name, version: '1', base: round(1, 1000), rounds: [round(connections, cpuMicros)] };
}

test('a goal is met, missed, or unknown where a round cost no more than its base', () => {
  const reference = resultOf('C', 101, 1000 + 100 * 20);
  for (const [cpuMicros, met, found] of [
    [1000 + 100 * 21, true, '1.05'],
    [1000 + 100 * 40, false, '2.00'],
    [900, null, 'a figure is not above zero'],
  ] as const) {
    const [goal] = goalsOf([reference, resultOf('ours', 101, cpuMicros)], []);
    assert.deepEqual(goal, { goal: 'CPU µs a connection within 1.10 of the C reference', met, found });
  }
});
