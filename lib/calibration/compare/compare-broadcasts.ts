import { sum } from '../../results/statistics/numbers.ts';
import { percentileOf, type Comparison } from './comparison.ts';
import { noiseAt } from './known-noise.ts';
import { broadcastsOf } from '../cases.ts';
import { at, exactly, phaseIn, tellable, type Parts, type Row } from './measured-case.ts';

/** How many broadcasts there were, and what became of their messages. */
export function broadcastCounts({ truth, measured, workload, calibrationCase }: Parts, row: Row): Comparison[] {
  const { loseOneIn = 0, duplicateOneIn = 0 } = calibrationCase.behaviour;
  const found = phaseIn(measured, 'broadcast').broadcasts;
  const exact = exactly(row);
  const members = sum(truth.broadcasts.map((one) => one.members));
  const lost = sum(truth.broadcasts.map((one) => one.lost));
  return [
    exact('broadcasts', 'broadcasts published', truth.broadcasts.length, found.length, broadcastsOf(workload).times),
    exact('broadcasts', 'messages received', members - lost, sum(found.map(({ received }) => received))),
    exact(
      loseOneIn > 0 ? `1 message in ${loseOneIn} is lost` : 'none is lost',
      'messages missing',
      lost,
      sum(found.map(({ missing }) => missing)),
      loseOneIn > 0 ? Math.floor(members / loseOneIn) : 0,
    ),
    exact(
      duplicateOneIn > 0 ? `1 message in ${duplicateOneIn} comes twice` : 'none comes twice',
      'messages received twice',
      sum(truth.broadcasts.map((one) => one.duplicated)),
      sum(found.map(({ duplicates }) => duplicates)),
    ),
    exact(
      'says how many it sent to',
      "members by the server's answers",
      members,
      sum(found.map(({ server }) => server?.members ?? 0)),
    ),
  ];
}

/** How long broadcasts took that the server delayed and sent one after the other. */
export function delayedBroadcasts(parts: Parts, row: Row): Comparison[] {
  const { truth, measured, calibrationCase } = parts;
  const { broadcastDelayMicros = 0, broadcastSpreadMicros = 0 } = calibrationCase.behaviour;
  const delays = truth.broadcasts.flatMap((one) => one.delaysMicros);
  // Publishing late is the generator's own and is in the latency, and it says by how much.
  const { broadcasts, latency, spread } = phaseIn(measured, 'broadcast');
  const late = broadcasts.flatMap(({ publishedLateMicros }) => publishedLateMicros ?? []);
  const spreads = truth.broadcasts.map((one) => (one.delaysMicros.at(-1) ?? 0) - (one.delaysMicros[0] ?? 0));
  return [
    ...tellable([50, 90, 99], delays.length).map((percent) =>
      row({
        behaviour: 'broadcasts delayed and spread',
        quantity: `broadcast latency, p${percent}`,
        unit: 'micros',
        nominal: broadcastDelayMicros + (broadcastSpreadMicros * percent) / 100,
        claimed: percentileOf(delays, percent),
        measured: at(latency, percent),
        // A broadcast is a burst: more than half of its arrivals fall into the busiest tenth of the time.
        noise: noiseAt(truth, measured, Math.max(90, percent)) + (percentileOf(late, percent) ?? 0),
      }),
    ),
    row({
      behaviour: 'broadcasts delayed and spread',
      quantity: 'spread on a host, median',
      unit: 'micros',
      nominal: broadcastSpreadMicros,
      claimed: percentileOf(spreads, 50),
      measured: spread?.medianMicros ?? null,
      noise: noiseAt(truth, measured, 99),
    }),
  ];
}
