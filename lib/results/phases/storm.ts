import * as v from 'valibot';
import type { PhaseRawOf } from '../../../assets/loadgen/phases/rooms.ts';
import { amount, count, countsByCause } from '../schema/fields.ts';
import { describeCounts, greatest, sum, sumByCause } from '../statistics/numbers.ts';
import { peakFigure, rawSchemaOf, resultSchemaOf, wholeNumber, shortOf } from './common.ts';
import type { Meanwhile, ResultRoom } from './phase-room.ts';
import { timesBack, timesBackFigures } from './times-back.ts';

/** Its part of a raw file. */
export const stormRawSchema = rawSchemaOf('storm', {
  cut: wholeNumber,
  back: wholeNumber,
  attempts: wholeNumber,
  failures: v.record(v.string(), wholeNumber),
  resetInstead: wholeNumber,
  latency: v.string(),
});

const measured = {
  cut: count('Connections that were cut.'),
  back: count('Those that were back before the phase ended; latency is from the cut until a client was back.'),
  attempts: count('Attempts to come back.'),
  failures: countsByCause('Attempts that failed, by cause.'),
  resetInstead: count('Connections that were reset although they were to vanish in silence.'),
  micros50: v.nullable(amount('Until 50 % of those cut were back, microseconds; null when they never were.')),
  micros99: v.nullable(amount('Until 99 % were back.')),
  micros100: v.nullable(amount('Until all were back.')),
  deepestListenQueue: v.nullable(
    count('The most connections that waited to be accepted at one port in a once-a-second sample; null where unknown.'),
  ),
  listenDrops: v.nullable(count('Connections that a full listen queue dropped meanwhile; null without samples.')),
};

/** A reconnect storm in a result. */
export const stormResultSchema = resultSchemaOf('storm', measured);

/** A reconnect storm. */
export type StormResult = v.InferOutput<typeof stormResultSchema>;

/** Storms: how long each client was away, over all that were cut and not only those that came back. */
export const stormRoom: ResultRoom<'storm', Pick<StormResult, keyof typeof measured>, StormResult> = {
  merge: (parts, _asked, meanwhile) => {
    const total = (of: (raw: PhaseRawOf<'storm'>) => number): number => sum(parts.map(({ raw }) => of(raw)));
    const [cut, back] = [total((raw) => raw.cut), total((raw) => raw.back)];
    const latencies = parts.map(({ raw }) => raw.latency);
    return {
      latencies,
      hasLatency: back > 0,
      measured: {
        cut,
        back,
        attempts: total((raw) => raw.attempts),
        failures: sumByCause(parts.map(({ raw }) => raw.failures as Record<string, number>)),
        resetInstead: total((raw) => raw.resetInstead),
        ...timesBack(latencies, cut, back),
        ...listening(meanwhile),
      },
    };
  },
  latency: { title: 'Time until a client is back', about: 'From the cut until a client has its connection again.' },
  figures: [
    ...timesBackFigures('the cut'),
    {
      key: 'attempts',
      heading: 'attempts',
      about: 'Attempts to reconnect, of all clients together.',
      quantity: 'count',
      better: null,
      of: ({ attempts }) => attempts,
    },
    peakFigure,
  ],
  unserved: ({ cut, back }) => shortOf(cut, back, 'clients did not come back', false),
  remarks: ({ failures, resetInstead, listenDrops, deepestListenQueue }) => [
    ...(Object.keys(failures).length > 0 ? [`attempts failed: ${describeCounts(failures)}`] : []),
    ...((listenDrops ?? 0) > 0
      ? [
          `a full listen queue dropped ${listenDrops} connections (the deepest queue sampled: ${deepestListenQueue ?? 'unknown'})`,
        ]
      : []),
    ...(resetInstead > 0
      ? [`${resetInstead} connections were reset: to vanish in silence takes CAP_NET_ADMIN on the load hosts`]
      : []),
  ],
};

function listening({ samples }: Meanwhile): Pick<StormResult, 'deepestListenQueue' | 'listenDrops'> {
  const [first, last] = [samples[0], samples.at(-1)];
  return {
    deepestListenQueue: greatest(samples.flatMap(({ sockets }) => sockets.listenQueue ?? [])),
    listenDrops:
      first === undefined || last === undefined ? null : Math.max(0, last.tcp.listenDrops - first.tcp.listenDrops),
  };
}
