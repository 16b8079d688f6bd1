import type { GroundTruth } from '../../../assets/calibration/ground-truth/ground-truth.ts';
import { meanOf, percentileOf, type Comparison } from './comparison.ts';
import { noiseAt } from './known-noise.ts';
import { echoesOf } from '../cases.ts';
import { at, phaseIn, tellable, type Parts, type Row } from './measured-case.ts';

/** How many echoes there were, and how many had no answer or a wrong one. */
export function echoCounts(
  { truth, measured, calibrationCase: { behaviour }, workload }: Parts,
  row: Row,
): Comparison[] {
  const echo = phaseIn(measured, 'echo');
  const { ratePerSecond, seconds } = echoesOf(workload);
  const due = Math.round(ratePerSecond * seconds);
  const dropping = (behaviour.dropOneIn ?? 0) > 0;
  const dropped = dropping ? Math.floor(due / (behaviour.dropOneIn ?? 1)) : 0;
  const about = dropping ? 'echoes dropped' : 'echoes';
  return [
    row({
      behaviour: 'echoes',
      quantity: 'messages sent',
      unit: 'count',
      nominal: due,
      claimed: truth.echoesReceived,
      measured: echo.sent,
    }),
    row({
      behaviour: about,
      quantity: 'messages without an answer',
      unit: 'count',
      nominal: dropped,
      claimed: truth.echoesDropped,
      measured: echo.sent - echo.received,
    }),
    row({
      behaviour: 'echoes unchanged',
      quantity: 'wrong answers',
      unit: 'count',
      nominal: 0,
      claimed: 0,
      measured: echo.wrong,
    }),
  ];
}

/** How long echoes took that the server delayed. */
export function delayedEchoes(parts: Parts, row: Row): Comparison[] {
  const { truth, measured, calibrationCase } = parts;
  const { echoDelayMicros = 0, slowOneIn = 0, slowDelayMicros = 0 } = calibrationCase.behaviour;
  const { latency: roundTrip } = phaseIn(measured, 'echo');
  const about = slowOneIn > 0 ? `1 echo in ${slowOneIn} is slow` : 'echoes delayed alike';
  const slowest = slowOneIn > 0 ? slowDelayMicros : echoDelayMicros;
  // Of a delay that is always the same, what lies above the p90 is the machine's doing: tails are checked where there is a known one.
  // The dropped ones are neither slow nor fast, so the share of slow ones follows from what was done alone.
  return [
    ...tellable(slowOneIn > 0 ? [50, 95, 99] : [50, 90], truth.echoDelaysMicros.length).map((percent) =>
      row({
        behaviour: about,
        quantity: `echo round trip, p${percent}`,
        unit: 'micros',
        nominal: percent === 50 ? echoDelayMicros : slowest,
        claimed: percentileOf(truth.echoDelaysMicros, percent),
        measured: at(roundTrip, percent),
        noise: noiseAt(truth, measured, percent),
      }),
    ),
    row({
      behaviour: about,
      quantity: 'echo round trip, mean',
      unit: 'micros',
      claimed: meanOf(truth.echoDelaysMicros),
      measured: roundTrip?.meanMicros ?? null,
      noise: noiseAt(truth, measured, 90),
    }),
  ];
}

/**
 * In open loop, messages go on being due while the server stands still: of those due in a stall of S seconds the first waits S, the last
 * nothing, evenly between, and each as long as answers are delayed. So of T seconds of messages the share q waits longer than S - q T. A generator that waits for answers would have
 * sent next to none of them, and would show the stall in one message a connection.
 */
export function stalledEchoes(parts: Parts, row: Row): Comparison[] {
  const { truth, measured, workload, calibrationCase } = parts;
  const { latency: roundTrip } = phaseIn(measured, 'echo');
  const { stallMicros: nominalStall = 0, echoDelayMicros: delay = 0 } = calibrationCase.behaviour;
  const { ratePerSecond, seconds } = echoesOf(workload);
  const nominalTotal = seconds * 1e6;
  const waits = openLoopWaits(truth, ratePerSecond);
  const one = (quantity: string, nominal: number, claimed: number | null, got: number | null): Comparison =>
    row({
      behaviour: 'stands still once',
      quantity: `echo round trip, ${quantity}`,
      unit: 'micros',
      nominal: nominal + delay,
      claimed,
      measured: got,
      noise: noiseAt(truth, measured, 99),
    });
  return [
    row({
      behaviour: 'delayed alike before and after',
      quantity: 'echo round trip, p25',
      unit: 'micros',
      nominal: delay,
      claimed: percentileOf(waits, 25),
      // The lower half of those that did not wait for the stall.
      measured: at(roundTrip, 25),
      noise: noiseAt(truth, measured, 50),
    }),
    one('p90', nominalStall - 0.1 * nominalTotal, percentileOf(waits, 90), at(roundTrip, 90)),
    one('p99', nominalStall - 0.01 * nominalTotal, percentileOf(waits, 99), at(roundTrip, 99)),
    one('greatest', nominalStall, percentileOf(waits, 100), roundTrip?.maxMicros ?? null),
    one('mean', nominalStall ** 2 / (2 * nominalTotal), meanOf(waits), roundTrip?.meanMicros ?? null),
  ];
}

/**
 * How long each message of an open loop of so many a second waited for a server that stood still once: the n-th from the beginning of the
 * stall was due n / rate after it, and was answered when the server says; the others waited as long as they were delayed. Empty without a stall.
 */
function openLoopWaits(truth: GroundTruth, ratePerSecond: number): readonly number[] {
  const [stall] = truth.stalls;
  if (stall === undefined || truth.stalls.length > 1) return [];
  const due = Math.round(((stall[1] - stall[0]) * ratePerSecond) / 1e6);
  const stalled = truth.answeredSinceStallMicros
    .slice(0, due)
    .map((micros, n) => Math.max(0, micros - (n * 1e6) / ratePerSecond));
  const before = truth.echoDelaysMicros.length - truth.answeredSinceStallMicros.length;
  const others = truth.echoDelaysMicros.filter((_, n) => n < before || n >= before + due);
  return [...stalled, ...others];
}
