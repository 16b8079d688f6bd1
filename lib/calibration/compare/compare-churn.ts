import { percentileOf, toleratedGrowthShare, toleratedHeapBytes, type Comparison } from './comparison.ts';
import { noiseAt } from './known-noise.ts';
import { at, exactly, phaseIn, refusals, type Parts, type Row } from './measured-case.ts';

/** Who said goodbye and came back, what came of the attempts, how long both took, and what memory leaked. */
export function churn(parts: Parts, row: Row): Comparison[] {
  const { truth, measured, calibrationCase } = parts;
  const { behaviour } = calibrationCase;
  const found = phaseIn(measured, 'churn');
  const { returned, rejected, reset } = truth.afterGoodbye;
  const exact = exactly(row);
  return [
    exact('churn', 'goodbyes', truth.goodbyes, found.closed),
    exact('churn', 'closed in time', truth.goodbyes, found.closedInTime),
    exact('churn', 'connections opened again', returned, found.opened),
    exact('churn', 'attempts to open again', returned + rejected + reset, found.attempts),
    exact('churn', 'given up', truth.goodbyes - returned, found.givenUp),
    ...refusals(behaviour, 'churn', truth.afterGoodbye, found.failures, row),
    ...((behaviour.returnDelayMicros ?? 0) > 0 ? times(parts, row) : []),
    leak(parts, row),
  ];
}

function times({ truth, measured, calibrationCase: { behaviour } }: Parts, row: Row): Comparison[] {
  const { returnDelayMicros = 0, closeDelayMicros = 0 } = behaviour;
  const { latency, closeLatency } = phaseIn(measured, 'churn');
  return [
    ['accepted late', 'handshake in churn', returnDelayMicros, truth.returnDelaysMicros, latency] as const,
    ['goodbyes answered late', 'closing in churn', closeDelayMicros, truth.closeDelaysMicros, closeLatency] as const,
  ].flatMap(([about, quantity, nominal, delays, found]) =>
    [50, 90].map((percent) =>
      row({
        behaviour: about,
        quantity: `${quantity}, p${percent}`,
        unit: 'micros',
        nominal,
        claimed: percentileOf(delays, percent),
        measured: at(found, percent),
        noise: noiseAt(truth, measured, percent),
      }),
    ),
  );
}

/** Where nothing leaks, next to nothing must be found. */
function leak({ truth, measured, calibrationCase: { behaviour } }: Parts, row: Row): Comparison {
  const { memoryGrowth } = phaseIn(measured, 'churn');
  const { leakBytesPerReturn = 0 } = behaviour;
  const { returned } = truth.afterGoodbye;
  const claimed = returned === 0 ? null : truth.leakedBytes / returned;
  return row({
    behaviour: leakBytesPerReturn > 0 ? 'each that comes back leaks' : 'nothing leaks',
    quantity: "server's growth an exchange",
    unit: 'bytes',
    nominal: leakBytesPerReturn,
    claimed,
    measured: memoryGrowth?.bytesPerConnection ?? null,
    tolerance: toleratedGrowthShare * (claimed ?? 0) + toleratedHeapBytes / Math.max(1, returned),
    noise: memoryGrowth === null ? 0 : memoryGrowth.highBytesPerConnection - memoryGrowth.bytesPerConnection,
  });
}
