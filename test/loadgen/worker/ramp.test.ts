import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FailureCause } from '../../../assets/loadgen/raw.ts';
import { Connections } from '../../../assets/loadgen/connections/connections.ts';
import { monotonicMicros } from '../../../assets/loadgen/kernel/clock.ts';
import { pause } from '../../../assets/loadgen/kernel/pause.ts';
import { LoopMeter } from '../../../assets/loadgen/measure/loop-meter.ts';
import { shareOf } from '../../../assets/loadgen/plan/share.ts';
import { makeKeys } from '../../../assets/loadgen/websocket/keys.ts';
import { Ramp } from '../../../assets/loadgen/worker/ramp.ts';
import { until } from '../../until.ts';
import { startLabServer } from '../lab-server.ts';

interface Options {
  readonly ratePerSecond: number | null;
  readonly gatherMicros?: number;
  readonly inFlightMost?: number;
}

/** A ramp of so many connections to a port, 20 s each for an answer; `opened` hears of those that are open before the ramp does. */
function makeRamp(
  connectionCount: number,
  port: number,
  options: Options,
  opened: () => void = () => undefined,
): { readonly ramp: Ramp; readonly meter: LoopMeter; readonly connections: Connections } {
  const plan = {
    connections: connectionCount,
    hosts: 1,
    hostIndex: 0,
    processes: 1,
    serverPorts: [port],
    sources: ['127.0.0.1'],
    localPorts: { first: 21_000, last: 22_000 },
  };
  const ignore = (): void => undefined;
  const connections = new Connections(
    {
      capacity: connectionCount,
      target: { address: '127.0.0.1', ports: [port], path: '/' },
      sources: plan.sources,
      keys: makeKeys(),
      secure: null,
      makeDeflate: null,
    },
    {
      opened(fd) {
        opened();
        ramp.opened(fd);
      },
      connectFailed: ignore,
      lost: ignore,
      message: ignore,
    },
  );
  const meter = new LoopMeter();
  const all = { gatherMicros: 0, inFlightMost: 16, handshakeMicros: 20e6, ...options };
  const ramp = new Ramp(connections, shareOf(plan, 0), 1, all, meter);
  return { ramp, meter, connections };
}

/** A ramp whose attempts go nowhere: what becomes of them is for the test to say. */
function withRamp<T>(connectionCount: number, options: Options, body: (ramp: Ramp, meter: LoopMeter) => T): T {
  const { ramp, meter, connections } = makeRamp(connectionCount, 9, options);
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

describe('a ramp whose answers gather', () => {
  test('does so where the kernel tells when they came, and no other attempt waits for them', async (context) => {
    const server = await startLabServer(context);
    const arrivals: number[] = [];
    const { ramp, connections } = makeRamp(
      900,
      server.port,
      { ratePerSecond: null, gatherMicros: 50_000, inFlightMost: 1 },
      () => arrivals.push(connections.now),
    );
    context.after(() => connections.endings.resetAll());
    connections.asksArrivals = true;
    const answered = async (): Promise<void> => {
      ramp.run(monotonicMicros());
      connections.attempts.connectBegun();
      await until('the server answers', () => server.members.size === ramp.attempts);
    };
    const opened = async (): Promise<void> => {
      await until('it is open', () => connections.poll(0) && ramp.established === ramp.attempts);
    };
    assert.equal(ramp.gatherMicros(), 0, 'the kernel has told nothing yet');
    // It begins to note times a moment after it is first asked to.
    await until('the kernel tells', async () => {
      await answered();
      await opened();
      return connections.isToldArrivals;
    });
    assert.equal(ramp.gatherMicros(), 50_000);
    await answered();
    const answeredMicros = monotonicMicros();
    assert.equal(ramp.gatherMicros(), 0, 'the next attempt waits for the answer');
    const waitMicros = 200_000;
    pause(waitMicros);
    await opened();
    const late = arrivals.at(-1)! - answeredMicros;
    assert.ok(late < waitMicros, `it seems to have come ${late} us after it had`);
  });
});
