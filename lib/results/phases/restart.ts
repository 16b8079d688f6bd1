import * as v from 'valibot';
import type { PhaseRawOf } from '../../../assets/loadgen/phases/rooms.ts';
import { amount, count, countsByCause } from '../schema/fields.ts';
import { describeCounts, sum, sumByCause } from '../statistics/numbers.ts';
import { rawSchemaOf, resultSchemaOf, wholeNumber, shortOf } from './common.ts';
import type { ResultRoom } from './phase-room.ts';
import { timesBack, timesBackFigures } from './times-back.ts';

/** Its part of a raw file. */
export const restartRawSchema = rawSchemaOf('restart', {
  lostConnections: wholeNumber,
  back: wholeNumber,
  attempts: wholeNumber,
  failures: v.record(v.string(), wholeNumber),
  firstLostMicros: v.nullable(v.number()),
  latency: v.string(),
});

const measured = {
  lostConnections: count('Connections that were lost when the server was killed.'),
  back: count('Clients that were back before the phase ended; latency is from the loss until a client was back.'),
  attempts: count('Attempts to come back.'),
  failures: countsByCause('Attempts that failed, by cause.'),
  micros50: v.nullable(
    amount('From its loss until a client was back: 50 % of those lost, microseconds; null when they never were.'),
  ),
  micros99: v.nullable(amount('The same, 99 %.')),
  micros100: v.nullable(amount('The same, all.')),
};

/** A restart of the server in a result. */
export const restartResultSchema = resultSchemaOf('restart', measured);

/** A restart of the server. */
export type RestartResult = v.InferOutput<typeof restartResultSchema>;

/** Restarts: how long each client was away, over all that lost their connection and not only those that came back. */
export const restartRoom: ResultRoom<'restart', Pick<RestartResult, keyof typeof measured>, RestartResult> = {
  merge: (parts) => {
    const total = (of: (raw: PhaseRawOf<'restart'>) => number): number => sum(parts.map(({ raw }) => of(raw)));
    const [lost, back] = [total((raw) => raw.lostConnections), total((raw) => raw.back)];
    const latencies = parts.map(({ raw }) => raw.latency);
    return {
      latencies,
      hasLatency: back > 0,
      measured: {
        lostConnections: lost,
        back,
        attempts: total((raw) => raw.attempts),
        failures: sumByCause(parts.map(({ raw }) => raw.failures as Record<string, number>)),
        ...timesBack(latencies, lost, back),
      },
    };
  },
  latency: { title: 'Back after a restart', about: 'From the loss of a connection until its client was back.' },
  figures: timesBackFigures('the loss of the connections'),
  unserved: ({ lostConnections, back }) =>
    shortOf(lostConnections, back, 'clients did not come back after the restart', false),
  missing: ({ lostConnections }) =>
    lostConnections === 0 ? ['no connection was lost: the server was not restarted'] : [],
  remarks: ({ failures }) =>
    Object.keys(failures).length > 0 ? [`attempts failed while the server was away: ${describeCounts(failures)}`] : [],
};
