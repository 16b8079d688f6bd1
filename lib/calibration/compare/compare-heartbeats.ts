import { meanOf, percentileOf, type Comparison } from './comparison.ts';
import { noiseAt } from './known-noise.ts';
import { at, exactly, phaseIn, type Parts, type Row } from './measured-case.ts';

/** How many pings there were, how many had no answer, and how long the others took. */
export function heartbeats({ truth, measured, calibrationCase: { behaviour } }: Parts, row: Row): Comparison[] {
  const { pongDelayMicros = 0, dropPongOneIn = 0 } = behaviour;
  const { sent, received, wrong, latency } = phaseIn(measured, 'heartbeat');
  const exact = exactly(row);
  const counts = [
    exact('heartbeats', 'pings sent', truth.pingsReceived, sent),
    exact(
      dropPongOneIn > 0 ? `1 ping in ${dropPongOneIn} is not answered` : 'every ping is answered',
      'pings without an answer',
      truth.pingsDropped,
      sent - received,
      dropPongOneIn > 0 ? Math.floor(truth.pingsReceived / dropPongOneIn) : 0,
    ),
    exact('heartbeats', 'wrong pongs', 0, wrong, 0),
  ];
  if (pongDelayMicros === 0) return counts;
  const time = { behaviour: 'pongs delayed alike', unit: 'micros', nominal: pongDelayMicros } as const;
  return [
    ...counts,
    ...[50, 90].map((percent) =>
      row({
        ...time,
        quantity: `heartbeat round trip, p${percent}`,
        claimed: percentileOf(truth.pongDelaysMicros, percent),
        measured: at(latency, percent),
        noise: noiseAt(truth, measured, percent),
      }),
    ),
    row({
      ...time,
      quantity: 'heartbeat round trip, mean',
      claimed: meanOf(truth.pongDelaysMicros),
      measured: latency?.meanMicros ?? null,
      noise: noiseAt(truth, measured, 90),
    }),
  ];
}
