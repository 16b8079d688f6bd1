import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { GroundTruth } from '../../../assets/calibration/ground-truth/ground-truth.ts';
import { calibrationCases, echoesOf } from '../../../lib/calibration/cases.ts';
import type { MeasurementResult } from '../../../lib/results/schema/measurement-result.ts';
import {
  compared,
  idleTruth,
  latencyOf,
  outcomesOf,
  quietMeasurement,
  withFound,
  workload,
} from './reference-measurement.ts';

const { ratePerSecond: echoRate, seconds: echoSeconds } = echoesOf(workload);
const messages = echoRate * echoSeconds;
const { stallMicros = 0, echoDelayMicros = 0 } = calibrationCases('small')[0]!.behaviour;

const echoing: GroundTruth = {
  ...idleTruth,
  echoesReceived: messages,
  echoDelaysMicros: Array.from({ length: messages }, () => echoDelayMicros + 30),
};

let plain: MeasurementResult;
before(async () => {
  plain = await quietMeasurement();
});

/** A measurement of a quiet machine whose echoes took so long. */
function withEchoes(roundTrips: readonly number[], sent = roundTrips.length): MeasurementResult {
  const echo = { sent, received: roundTrips.length, wrong: 0, latency: latencyOf(roundTrips) };
  return withFound(plain, 'echo', echo);
}

const echoRows = (...given: Parameters<typeof compared>) => outcomesOf(compared(...given), 'echo round trip');

/** What each message waits in open loop: due on schedule, answered after the delay unless the server stands still from a second on. */
function openLoop(): readonly number[] {
  return Array.from({ length: messages }, (_, n) => {
    const due = (n * 1e6) / echoRate;
    const [began, ended] = [1e6, 1e6 + stallMicros];
    return echoDelayMicros + (due >= began && due < ended ? ended - due : 60);
  });
}

describe('a server that stands still', () => {
  const stalledMessages = (stallMicros / 1e6) * echoRate;
  // All that waited are read as soon as it goes on, 20 µs each; those after them when they come.
  const truth: GroundTruth = {
    ...echoing,
    stalls: [[5e6, 5e6 + stallMicros]],
    answeredSinceStallMicros: Array.from(
      { length: messages - echoRate },
      (_, n) => echoDelayMicros + (n < stalledMessages ? stallMicros + 20 * n : (n * 1e6) / echoRate + 30),
    ),
  };

  test('agrees with the arithmetic of an open loop where every message is timed from when it was due', () => {
    const rows = echoRows('reference-slow', truth, withEchoes(openLoop()));
    assert.deepEqual(new Set(Object.values(rows)), new Set(['pass']), JSON.stringify(rows));
    assert.equal(Object.keys(rows).length, 5);
  });

  test('fails where the generator waits for answers before it sends, and omits what it should have sent', () => {
    // Ten connections in closed loop: each has one message in the stall, the others are sent late and called quick.
    const closedLoop = Array.from({ length: messages }, (_, n) => echoDelayMicros + (n < 10 ? stallMicros : 60));
    const rows = echoRows('reference-slow', truth, withEchoes(closedLoop));
    assert.equal(rows['echo round trip, p90'], 'fail');
    assert.equal(rows['echo round trip, mean'], 'fail');
    assert.equal(rows['echo round trip, greatest'], 'pass', 'which is why the greatest alone tells nothing');
  });

  test('fails where latency is counted from when a message was sent after the stall', () => {
    const sentLate = openLoop().map((micros) => Math.min(micros, echoDelayMicros + 60));
    assert.equal(echoRows('reference-slow', truth, withEchoes(sentLate))['echo round trip, p99'], 'fail');
  });
});

describe('a server that delays', () => {
  const truth = { ...echoing, echoDelaysMicros: Array.from({ length: messages }, () => 20_100) };
  const steady = (off: number) =>
    echoRows('reference-faulty', truth, withEchoes(truth.echoDelaysMicros.map((micros) => micros + off)));

  test('agrees where the way there and back is all that is added', () => {
    assert.deepEqual(new Set(Object.values(steady(200))), new Set(['pass']));
  });

  test('fails where the generator adds three milliseconds, or hides them', () => {
    assert.deepEqual(new Set(Object.values(steady(3000))), new Set(['fail']));
    assert.deepEqual(new Set(Object.values(steady(-3000))), new Set(['fail']));
  });

  test('is not judged where the generator says itself that it was as late as that', () => {
    const measured = withEchoes(truth.echoDelaysMicros.map((micros) => micros + 3000));
    const late = latencyOf([2500, 2500, 2500]);
    const rows = echoRows('reference-faulty', truth, {
      ...measured,
      generator: { ...measured.generator, lateness: late },
    });
    assert.deepEqual(new Set(Object.values(rows)), new Set(['busy']));
  });

  test('fails beyond what the generator was late at most, also where its verdict is invalid', () => {
    const measured = withEchoes(truth.echoDelaysMicros.map((micros) => micros + 90_000));
    const wall = { wall: 'generatorBehind', effect: 'invalidates', host: null, evidence: 'it fell behind' } as const;
    const rows = echoRows('reference-faulty', truth, {
      ...measured,
      verdict: { ...measured.verdict, walls: [wall] },
      generator: { ...measured.generator, maxLatenessWhileDrivingMicros: 50_000 },
    });
    assert.deepEqual(new Set(Object.values(rows)), new Set(['fail']));
  });
});

describe('counts', () => {
  const outcomes = (truth: GroundTruth, measured: MeasurementResult) =>
    outcomesOf(compared('reference-faulty', truth, measured));
  const answered = messages - 45;
  const truth = { ...echoing, echoesDropped: 45, rejected: 6 };

  test('fail by one: an echo lost that was answered, a refusal that was not counted', () => {
    const right = outcomes(truth, {
      ...withEchoes(openLoop().slice(0, answered), messages),
      connections: { ...plain.connections, connectFailures: { http503: 6 } },
    });
    assert.equal(right['messages without an answer'], 'pass');
    assert.equal(right['attempts with http503'], 'pass');
    const wrong = outcomes(truth, {
      ...withEchoes(openLoop().slice(0, answered - 1), messages),
      connections: { ...plain.connections, connectFailures: { http503: 5 } },
    });
    assert.equal(wrong['messages without an answer'], 'fail');
    assert.equal(wrong['attempts with http503'], 'fail');
  });

  test('fail where the server left no account', () => {
    assert.deepEqual(
      compared('reference-slow', null, plain).map(({ outcome }) => outcome),
      ['fail'],
    );
  });
});
