import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FailureCause } from '../../../assets/loadgen/raw.ts';
import { Connections } from '../../../assets/loadgen/connections/connections.ts';
import { LoopMeter } from '../../../assets/loadgen/measure/loop-meter.ts';
import { shareOf } from '../../../assets/loadgen/plan/share.ts';
import { makeKeys } from '../../../assets/loadgen/websocket/keys.ts';
import { Ramp } from '../../../assets/loadgen/worker/ramp.ts';

/** A ramp of so many connections, 20 s each for an answer, whose attempts go nowhere: what becomes of them is for the test to say. */
function withRamp<T>(
  connectionCount: number,
  options: { readonly ratePerSecond: number | null; readonly gatherMicros?: number; readonly inFlightMost?: number },
  body: (ramp: Ramp, meter: LoopMeter) => T,
): T {
  const plan = {
    connections: connectionCount,
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
      capacity: connectionCount,
      target: { address: '127.0.0.1', ports: [9], path: '/' },
      sources: plan.sources,
      keys: makeKeys(),
      secure: null,
      makeDeflate: null,
    },
    { opened: ignore, connectFailed: ignore, lost: ignore, message: ignore },
  );
  const meter = new LoopMeter();
  const all = { gatherMicros: 0, inFlightMost: 16, handshakeMicros: 20e6, ...options };
  const ramp = new Ramp(connections, shareOf(plan, 0), 1, all, meter);
  try {
    return body(ramp, meter);
  } finally {
    connections.endings.resetAll();
  }
}

/** How many attempts have begun at each of some times (ms) of a ramp of 7 connections, 100 a second. */
function attemptsAt(gatherMicros: number, times: readonly number[]): readonly number[] {
  return withRamp(7, { ratePerSecond: 100, gatherMicros }, (ramp) =>
    times.map((milliseconds) => {
      ramp.run(ramp.beganMicros + milliseconds * 1000);
      return ramp.attempts;
    }),
  );
}

/** How many attempts have begun when no more may. */
function attemptsBegun(ramp: Ramp): number {
  let before = -1;
  while (ramp.attempts > before) {
    before = ramp.attempts;
    ramp.run(ramp.beganMicros);
  }
  return before;
}

function fail(ramp: Ramp, first: number, count: number, cause: FailureCause): void {
  for (let n = first; n < first + count; n += 1) ramp.failed(n, cause, 0);
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

describe('a ramp as fast as the server takes it', () => {
  const options = { ratePerSecond: null, inFlightMost: 100 };

  test('has few attempts under way before any is answered, and more with each answer', () => {
    withRamp(400, options, (ramp) => {
      assert.equal(attemptsBegun(ramp), 16);
      fail(ramp, 0, 16, 'http404');
      assert.equal(attemptsBegun(ramp), 16 + 32);
      fail(ramp, 16, 32, 'http404');
      assert.equal(attemptsBegun(ramp), 48 + 64);
      fail(ramp, 48, 64, 'http404');
      assert.equal(attemptsBegun(ramp), 112 + 100);
    });
  });

  test('gives no more at once to a server that is late with some, and goes on where it answers none', () => {
    for (const cause of ['tlsTimeout', 'handshakeTimeout'] as const) {
      const begun = (answered: number): number =>
        withRamp(400, options, (ramp) => {
          attemptsBegun(ramp);
          fail(ramp, 0, answered, 'http404');
          fail(ramp, answered, 16 - answered, cause);
          return attemptsBegun(ramp) - 16;
        });
      assert.deepEqual([begun(1), begun(0)], [17, 100], cause);
    }
  });

  test('is not called late by what waits for the server’s answers', () => {
    withRamp(40, { ratePerSecond: 100 }, (ramp, meter) => {
      meter.begin(ramp.beganMicros);
      for (let milliseconds = 0; milliseconds <= 1000; milliseconds += 10)
        ramp.run(ramp.beganMicros + milliseconds * 1000);
      assert.equal(ramp.attempts, 16);
      fail(ramp, 0, 1, 'http404');
      ramp.run(ramp.beganMicros + 2e6);
      assert.deepEqual([ramp.attempts, meter.maxSchedulingDelay], [17, 0]);
    });
  });
});
