import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Connections } from '../../../assets/loadgen/connections/connections.ts';
import { LoopMeter } from '../../../assets/loadgen/measure/loop-meter.ts';
import { shareOf } from '../../../assets/loadgen/plan/share.ts';
import { makeKeys } from '../../../assets/loadgen/websocket/keys.ts';
import { Ramp } from '../../../assets/loadgen/worker/ramp.ts';

/** How many attempts have begun at each of some times (ms) of a ramp of 7 connections, 100 a second. */
function attemptsAt(gatherMicros: number, times: readonly number[]): readonly number[] {
  const plan = {
    connections: 7,
    hosts: 1,
    hostIndex: 0,
    processes: 1,
    serverPorts: [9],
    sources: ['127.0.0.1'],
    localPorts: { first: 21_000, last: 22_000 },
  };
  const ignore = (): void => undefined;
  const connections = new Connections(
    {
      capacity: 7,
      target: { address: '127.0.0.1', ports: [9], path: '/' },
      sources: plan.sources,
      keys: makeKeys(),
      secure: null,
      makeDeflate: null,
    },
    { opened: ignore, connectFailed: ignore, lost: ignore, message: ignore },
  );
  const options = { ratePerSecond: 100, gatherMicros, inFlightMost: 16, handshakeMicros: 20e6 };
  const ramp = new Ramp(connections, shareOf(plan, 0), 1, options, new LoopMeter());
  try {
    return times.map((milliseconds) => {
      ramp.run(ramp.beganMicros + milliseconds * 1000);
      return ramp.attempts;
    });
  } finally {
    connections.endings.resetAll();
  }
}

describe('a ramp at a rate', () => {
  test('begins each attempt when it is due', () => {
    assert.deepEqual(attemptsAt(0, [0, 9, 10, 35, 60]), [1, 1, 2, 4, 7]);
  });

  test('begins those that are due within a while together, none before it is due, and the last ones with the last', () => {
    assert.deepEqual(attemptsAt(50_000, [0, 39, 40, 59, 60]), [0, 0, 5, 5, 7]);
  });

  test('begins each when it is due where none are due within the while', () => {
    assert.deepEqual(attemptsAt(9000, [0, 9, 10]), [1, 1, 2]);
  });
});
