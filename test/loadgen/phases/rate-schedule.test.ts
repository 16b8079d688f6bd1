import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LoopMeter } from '../../../assets/loadgen/measure/loop-meter.ts';
import { RateSchedule } from '../../../assets/loadgen/phases/rate-schedule.ts';
import { shareOf } from '../../../assets/loadgen/plan/share.ts';

/** When each piece of work of a whole lab is due after the beginning, microseconds, in order. */
function dueMicros(lab: { connections: number; hosts: number; processes: number; perSecond: number; seconds: number }) {
  const beginMicros = 1_000_000;
  const due: number[] = [];
  for (let hostIndex = 0; hostIndex < lab.hosts; hostIndex += 1) {
    for (let process = 0; process < lab.processes; process += 1) {
      const plan = {
        ...lab,
        hostIndex,
        serverPorts: [80],
        sources: ['127.0.0.1'],
        localPorts: { first: 1, last: 60_000 },
      };
      const { count, before } = shareOf(plan, process);
      const share = count / lab.connections;
      const times = { beginMicros, endsMicros: Infinity, share, before: before / lab.connections };
      const schedule = new RateSchedule(new LoopMeter());
      schedule.start(times, lab.perSecond * share, lab.seconds);
      for (let micros = schedule.take(Infinity); micros >= 0; micros = schedule.take(Infinity))
        due.push(micros - beginMicros);
    }
  }
  return due.toSorted((a, b) => a - b);
}

describe('work at a rate', () => {
  test('is due evenly over all processes of the lab, not in every process at once', () => {
    const due = dueMicros({ connections: 1_280, hosts: 2, processes: 32, perSecond: 1_000, seconds: 2 });
    assert.equal(due.length, 2_000);
    for (const [n, micros] of due.entries()) assert.ok(Math.abs(micros - n * 1_000) < 1, `${n} is due after ${micros}`);
  });

  test('is as much as the lab was asked for, where each process has part of a piece', () => {
    for (const [perSecond, seconds, pieces] of [
      [7, 1, 7],
      [1, 1, 1],
      [0.1, 30, 3],
      [1_000 / 30, 20, 667],
    ] as const) {
      const due = dueMicros({ connections: 1_000, hosts: 1, processes: 10, perSecond, seconds });
      assert.equal(due.length, pieces, `${perSecond} per second for ${seconds} s`);
      assert.ok(due.at(-1)! < seconds * 1e6);
    }
  });

  test('is all there where the processes have unequal parts', () => {
    const due = dueMicros({ connections: 10, hosts: 1, processes: 3, perSecond: 10, seconds: 3 });
    assert.equal(due.length, 30);
    const perSecond = [0, 1, 2].map((second) => due.filter((micros) => Math.floor(micros / 1e6) === second).length);
    assert.deepEqual(perSecond, [10, 10, 10]);
  });
});
