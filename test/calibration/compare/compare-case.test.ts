import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { GroundTruth } from '../../../assets/calibration/ground-truth/ground-truth.ts';
import { calibrationCases, echoesOf, workloads, type CaseName } from '../../../lib/calibration/cases.ts';
import { compareCase } from '../../../lib/calibration/compare/compare-case.ts';
import type { Comparison } from '../../../lib/calibration/compare/comparison.ts';
import { mergeHistograms } from '../../../lib/results/statistics/histogram.ts';
import type { MeasurementResult } from '../../../lib/results/schema/measurement-result.ts';
import { encoded } from '../../results/statistics/histograms.ts';
import { only, phaseOf, readMerged } from '../../results/read-merged.ts';
import { runFiles } from '../../results/synthetic-run.ts';

const workload = workloads.small;
const { ratePerSecond: echoRate, seconds: echoSeconds } = echoesOf(workload);
const messages = echoRate * echoSeconds;
const stallMicros = 2_000_000;

/** What a server did that did nothing. */
const idle: GroundTruth = {
  event: 'groundTruth',
  members: workload.connections,
  rejected: 0,
  reset: 0,
  silent: 0,
  refused: 0,
  membersReset: 0,
  membersClosed: 0,
  membersEnded: 0,
  touchedBytes: 0,
  echoesReceived: messages,
  echoesDropped: 0,
  echoDelaysMicros: Array.from({ length: messages }, () => 30),
  lateMicros: [],
  stalls: [],
  answeredSinceStallMicros: [],
  broadcasts: [],
};

let plain: MeasurementResult;
before(async () => {
  plain = only(await readMerged(runFiles({ servers: ['node'], connections: workload.connections })));
});

/** A measurement of a quiet machine whose echoes took so long. */
function withEchoes(roundTrips: readonly number[], sent = roundTrips.length): MeasurementResult {
  const quiet = mergeHistograms([encoded([50, 60, 90])]).latency;
  return {
    ...plain,
    verdict: { ...plain.verdict, walls: [] },
    generator: {
      turn: quiet,
      lateness: quiet,
      maxTurnWhileDrivingMicros: 100,
      maxLatenessWhileDrivingMicros: 100,
    },
    phases: [
      {
        ...phaseOf(plain, 'echo'),
        sent,
        received: roundTrips.length,
        wrong: 0,
        latency: mergeHistograms([encoded(roundTrips)]).latency,
      },
      { ...phaseOf(plain, 'broadcast'), broadcasts: [] },
    ],
  };
}

function compared(name: CaseName, truth: GroundTruth, measured: MeasurementResult): readonly Comparison[] {
  const calibrationCase = calibrationCases('small').find((one) => one.name === name);
  assert.ok(calibrationCase !== undefined);
  return compareCase({ calibrationCase, workload, truth, measured }).filter(
    ({ quantity }) => quantity !== 'broadcasts published',
  );
}

const echoRows = (rows: readonly Comparison[]): Record<string, string> =>
  Object.fromEntries(
    rows.filter(({ quantity }) => quantity.startsWith('echo round trip')).map((row) => [row.quantity, row.outcome]),
  );

/** What each message waits in open loop: due on schedule, answered at once unless the server stands still from a second on. */
function openLoop(): readonly number[] {
  return Array.from({ length: messages }, (_, n) => {
    const due = (n * 1e6) / echoRate;
    const [began, ended] = [1e6, 1e6 + stallMicros];
    return due >= began && due < ended ? ended - due : 60;
  });
}

describe('a server that stands still', () => {
  const stalledMessages = (stallMicros / 1e6) * echoRate;
  // All that waited are answered as soon as it goes on, 20 µs each; those after them when they come.
  const truth: GroundTruth = {
    ...idle,
    stalls: [[5e6, 5e6 + stallMicros]],
    answeredSinceStallMicros: Array.from({ length: messages - echoRate }, (_, n) =>
      n < stalledMessages ? stallMicros + 20 * n : (n * 1e6) / echoRate + 30,
    ),
  };

  test('agrees with the arithmetic of an open loop where every message is timed from when it was due', () => {
    const rows = echoRows(compared('reference-stalled', truth, withEchoes(openLoop())));
    assert.deepEqual(new Set(Object.values(rows)), new Set(['pass']), JSON.stringify(rows));
    assert.equal(Object.keys(rows).length, 5);
  });

  test('fails where the generator waits for answers before it sends, and omits what it should have sent', () => {
    // Ten connections in closed loop: each has one message in the stall, the others are sent late and called quick.
    const closedLoop = Array.from({ length: messages }, (_, n) => (n < 10 ? stallMicros : 60));
    const rows = echoRows(compared('reference-stalled', truth, withEchoes(closedLoop)));
    assert.equal(rows['echo round trip, p90'], 'fail');
    assert.equal(rows['echo round trip, mean'], 'fail');
    assert.equal(rows['echo round trip, greatest'], 'pass', 'which is why the greatest alone tells nothing');
  });

  test('fails where latency is counted from when a message was sent after the stall', () => {
    const rows = echoRows(
      compared('reference-stalled', truth, withEchoes(openLoop().map((micros) => Math.min(micros, 60)))),
    );
    assert.equal(rows['echo round trip, p99'], 'fail');
  });
});

describe('a server that delays', () => {
  const truth = { ...idle, echoDelaysMicros: Array.from({ length: messages }, () => 20_100) };
  const steady = (off: number): Record<string, string> =>
    echoRows(compared('reference-steady', truth, withEchoes(truth.echoDelaysMicros.map((micros) => micros + off))));

  test('agrees where the way there and back is all that is added', () => {
    assert.deepEqual(new Set(Object.values(steady(200))), new Set(['pass']));
  });

  test('fails where the generator adds three milliseconds, or hides them', () => {
    assert.deepEqual(new Set(Object.values(steady(3000))), new Set(['fail']));
    assert.deepEqual(new Set(Object.values(steady(-3000))), new Set(['fail']));
  });

  test('is not judged where the generator says itself that it was as late as that', () => {
    const measured = withEchoes(truth.echoDelaysMicros.map((micros) => micros + 3000));
    const late = mergeHistograms([encoded([2500, 2500, 2500])]).latency;
    const rows = compared('reference-steady', truth, {
      ...measured,
      generator: { ...measured.generator, lateness: late },
    });
    assert.deepEqual(new Set(Object.values(echoRows(rows))), new Set(['busy']));
  });

  test('fails beyond what the generator was late at most, also where its verdict is invalid', () => {
    const measured = withEchoes(truth.echoDelaysMicros.map((micros) => micros + 90_000));
    const wall = { wall: 'generatorBehind', effect: 'invalidates', host: null, evidence: 'it fell behind' } as const;
    const rows = compared('reference-steady', truth, {
      ...measured,
      verdict: { ...measured.verdict, walls: [wall] },
      generator: { ...measured.generator, maxLatenessWhileDrivingMicros: 50_000 },
    });
    assert.deepEqual(new Set(Object.values(echoRows(rows))), new Set(['fail']));
  });
});

describe('counts', () => {
  const outcomes = (truth: GroundTruth, measured: MeasurementResult): Record<string, string> =>
    Object.fromEntries(compared('reference-faulty', truth, measured).map((row) => [row.quantity, row.outcome]));
  const answered = messages - 45;
  const truth = { ...idle, echoesDropped: 45, rejected: 6 };

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
    const calibrationCase = calibrationCases('small')[0];
    assert.ok(calibrationCase !== undefined);
    const rows = compareCase({ calibrationCase, workload, truth: null, measured: plain });
    assert.deepEqual(
      rows.map(({ outcome }) => outcome),
      ['fail'],
    );
  });
});
