import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { GroundTruth } from '../../../assets/calibration/ground-truth/ground-truth.ts';
import { toleratedHeapBytes } from '../../../lib/calibration/compare/comparison.ts';
import type { MeasurementResult } from '../../../lib/results/schema/measurement-result.ts';
import { compared, idleTruth, latencyOf, outcomesOf, quietMeasurement, withFound } from './reference-measurement.ts';

let plain: MeasurementResult;
before(async () => {
  plain = await quietMeasurement();
});

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const allPass = (rows: Readonly<Record<string, string>>, wanted: number): void => {
  assert.deepEqual(new Set(Object.values(rows)), new Set(['pass']), JSON.stringify(rows));
  assert.equal(Object.keys(rows).length, wanted);
};

describe('heartbeats', () => {
  const truth: GroundTruth = { ...idleTruth, pingsReceived: 600, pongDelaysMicros: times(600, 15_030) };
  const found = (received: number, micros: number) =>
    withFound(plain, 'heartbeat', { sent: 600, received, wrong: 0, latency: latencyOf(times(received, micros)) });
  const late = (off: number) => outcomesOf(compared('reference-slow', truth, found(600, 15_030 + off)), 'heartbeat');

  test('that are answered late agree where the way is all that is added, and fail where 3 ms are', () => {
    allPass(late(300), 3);
    assert.deepEqual(new Set(Object.values(late(3_000))), new Set(['fail']));
  });

  test('without an answer are counted exactly', () => {
    const dropped = { ...truth, pingsDropped: 20 };
    const outcome = (received: number): string | undefined =>
      outcomesOf(compared('reference-faulty', dropped, found(received, 60)))['pings without an answer'];
    assert.deepEqual([outcome(580), outcome(581)], ['pass', 'fail']);
  });
});

describe('a storm', () => {
  const away = Array.from({ length: 300 }, (_, n) => 1_000_000 + n * 1_667);
  const truth: GroundTruth = {
    ...idleTruth,
    cut: 300,
    afterCut: { returned: 300, rejected: 33, reset: 22 },
    queuedWhileStill: 290,
    awayMicros: away,
  };
  const right = {
    cut: 300,
    back: 300,
    attempts: 355,
    failures: { http503: 33, ECONNRESET: 22 },
    micros50: away[149]! + 400,
    micros99: away[296]! + 400,
    micros100: away[299]! + 400,
    deepestListenQueue: 290,
  };
  const names = ['connections cut', 'clients back', 'attempts to come back', 'until', 'storm: ', 'deepest'];
  const outcomes = (name: 'reference-slow' | 'reference-faulty', found: Partial<typeof right> = {}) => {
    const rows = compared(name, truth, withFound(plain, 'storm', { ...right, ...found }));
    return Object.assign({}, ...names.map((prefix) => outcomesOf(rows, prefix))) as Readonly<Record<string, string>>;
  };

  test('agrees with who was cut, refused and let in, and when', () => {
    allPass(outcomes('reference-slow'), 8);
    allPass(outcomes('reference-faulty'), 6);
  });

  test('fails by one that is counted otherwise, be it cut, back, refused or waiting in the queue', () => {
    assert.equal(outcomes('reference-slow', { cut: 299 })['connections cut'], 'fail');
    assert.equal(outcomes('reference-slow', { back: 299 })['clients back'], 'fail');
    const failures = { http503: 34, ECONNRESET: 21 };
    const refused = outcomes('reference-faulty', { failures });
    assert.deepEqual(
      [refused['storm: attempts with http503'], refused['storm: attempts with ECONNRESET']],
      ['fail', 'fail'],
    );
    assert.equal(outcomes('reference-faulty', { deepestListenQueue: 289 })['deepest listen queue'], 'fail');
  });

  test('fails where 50 % are taken for the 99th, and where clients are counted from their first failure', () => {
    assert.equal(outcomes('reference-slow', { micros99: right.micros50 })['until 99 % are back'], 'fail');
    assert.equal(outcomes('reference-slow', { micros100: away[299]! - 100_000 })['until 100 % are back'], 'fail');
  });
});

describe('idle', () => {
  const rate = 32 * 1024 * 1024;
  const seconds = 4;
  const truth: GroundTruth = {
    ...idleTruth,
    membersReset: 3,
    membersClosed: 3,
    membersEnded: 3,
    cut: 291,
    afterCut: { returned: 291, rejected: 0, reset: 0 },
    idleBytes: seconds * rate,
    idleMicros: seconds * 1e6,
  };
  const outcomes = (held: number, slope: number, high = slope) => {
    const found = { held, lost: {}, seconds, bytesPerHour: { slope, low: 2 * slope - high, high } };
    const rows = outcomesOf(compared('reference-slow', truth, withFound(plain, 'idle', found)));
    return [rows['connections held'], rows["server's bytes an hour"]];
  };

  test('agrees with who is left and with what is written a second, and fails by one and by a tenth', () => {
    assert.deepEqual(outcomes(291, rate * 3600 * 1.05), ['pass', 'pass']);
    assert.deepEqual(outcomes(290, rate * 3600 * 1.1), ['fail', 'fail']);
  });

  test('is not judged where its own interval is as wide as its error', () => {
    assert.deepEqual(outcomes(291, rate * 3600 * 1.1, rate * 3600 * 1.2), ['pass', 'busy']);
  });
});

describe('churn', () => {
  const leak = 1024 * 1024;
  const truth: GroundTruth = {
    ...idleTruth,
    goodbyes: 200,
    afterGoodbye: { returned: 199, rejected: 12, reset: 8 },
    leakedBytes: 199 * leak,
    closeDelaysMicros: times(200, 10_020),
    returnDelaysMicros: times(199, 25_020),
  };
  const growth = (bytesPerConnection: number) => ({
    bytesPerConnection,
    lowBytesPerConnection: bytesPerConnection - 1_000,
    highBytesPerConnection: bytesPerConnection + 1_000,
    samples: 5,
    verdict: 'grows' as const,
  });
  const right = {
    closed: 200,
    closedInTime: 200,
    opened: 199,
    attempts: 219,
    givenUp: 1,
    failures: { http503: 12, ECONNRESET: 8 },
    latency: latencyOf(times(199, 25_400)),
    closeLatency: latencyOf(times(200, 10_300)),
    memoryGrowth: growth(leak * 1.01),
  };
  const outcomes = (found: Partial<typeof right> = {}, known: Partial<GroundTruth> = {}) => {
    const rows = compared('reference-slow', { ...truth, ...known }, withFound(plain, 'churn', { ...right, ...found }));
    const from = rows.findIndex(({ quantity }) => quantity === 'goodbyes');
    return outcomesOf(rows.slice(from));
  };

  test('agrees with who left, came back, was refused and gave up, how long it took, and what leaked', () => {
    allPass(outcomes(), 12);
  });

  test('fails by one that is counted otherwise', () => {
    const wrong = outcomes({ closed: 201, closedInTime: 199, opened: 200, attempts: 220, givenUp: 0 });
    for (const name of [
      'goodbyes',
      'closed in time',
      'connections opened again',
      'attempts to open again',
      'given up',
    ]) {
      assert.equal(wrong[name], 'fail', name);
    }
  });

  test('fails where handshakes or goodbyes are timed by three milliseconds too long or too short', () => {
    const wrong = outcomes({
      latency: latencyOf(times(199, 28_400)),
      closeLatency: latencyOf(times(200, 7_000)),
    });
    assert.equal(wrong['handshake in churn, p50'], 'fail');
    assert.equal(wrong['closing in churn, p90'], 'fail');
  });

  test('fails where a leak is not found, or one that there is not', () => {
    const name = "server's growth an exchange";
    assert.equal(outcomes({ memoryGrowth: growth(leak / 2) })[name], 'fail');
    assert.equal(outcomes({ memoryGrowth: growth(0) })[name], 'fail');
    // What the heap of the runtime may do by itself is no leak; twice that is.
    const heap = toleratedHeapBytes / 199;
    assert.equal(outcomes({ memoryGrowth: growth(heap * 0.9) }, { leakedBytes: 0 })[name], 'pass');
    assert.equal(outcomes({ memoryGrowth: growth(heap * 2) }, { leakedBytes: 0 })[name], 'fail');
  });
});

describe('a restart', () => {
  const restarted: GroundTruth = {
    ...idleTruth,
    members: 300,
    silent: 4,
    rejected: 6,
    membersReset: 3,
    membersClosed: 3,
    membersEnded: 3,
    afterCut: { returned: 9, rejected: 1, reset: 0 },
  };

  test('agrees with who was open when the server was killed, and with what the next one did', () => {
    const base = plain.phases[0]!;
    const outcomes = (lostConnections: number, back: number, account: GroundTruth | null = restarted) => {
      const restart = {
        ...base,
        kind: 'restart',
        lostConnections,
        back,
        attempts: 400,
        failures: { handshakeTimeout: 4, http503: 7 },
      };
      const measured = { ...plain, phases: [...plain.phases, restart as never] };
      const rows = compared('reference-faulty', { ...idleTruth, open: 291 }, measured, account, 'full');
      return outcomesOf(rows.slice(1 + rows.findIndex(({ quantity }) => quantity === "server's growth an exchange")));
    };
    allPass(outcomes(300, 309), 4);
    assert.equal(outcomes(299, 309)['connections lost by the restart'], 'fail');
    assert.equal(outcomes(300, 308)['clients back after it'], 'fail');
    assert.deepEqual(outcomes(300, 309, null), { lines: 'fail' }, 'it left no account');
  });
});
