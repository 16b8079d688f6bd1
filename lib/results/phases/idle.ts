import * as v from 'valibot';
import { count, countsByCause, real } from '../schema/fields.ts';
import { describeCounts, sum, sumByCause } from '../statistics/numbers.ts';
import { lineThrough } from '../statistics/slope.ts';
import { peakFigure, rawSchemaOf, resultSchemaOf, wholeNumber } from './common.ts';
import type { ResultRoom } from './phase-room.ts';

/** Its part of a raw file. */
export const idleRawSchema = rawSchemaOf('idle', { held: wholeNumber, lost: v.record(v.string(), wholeNumber) });

const measured = {
  held: count('Connections that were open when it began.'),
  lost: countsByCause('Those of them that were lost meanwhile, by cause.'),
  bytesPerHour: v.nullable(
    v.object({
      slope: real("How much the server's memory grew per hour, bytes."),
      low: real('Lower end of its 95 % confidence interval.'),
      high: real('Upper end of its 95 % confidence interval.'),
    }),
  ),
};

/** A phase in which nothing is done, in a result. */
export const idleResultSchema = resultSchemaOf('idle', measured);

/** A phase in which nothing is done. */
export type IdleResult = v.InferOutput<typeof idleResultSchema>;

const secondsPerHour = 3600;

/** Idle: what holding costs by itself. */
export const idleRoom: ResultRoom<'idle', Pick<IdleResult, keyof typeof measured>, IdleResult> = {
  merge: (parts, _asked, { memory }) => {
    const line = lineThrough(memory.map(([seconds, bytes]) => [seconds / secondsPerHour, bytes]));
    return {
      latencies: [],
      hasLatency: false,
      measured: {
        held: sum(parts.map(({ raw }) => raw.held)),
        lost: sumByCause(parts.map(({ raw }) => raw.lost as Record<string, number>)),
        bytesPerHour: line === null ? null : { slope: line.slope, low: line.low, high: line.high },
      },
    };
  },
  latency: { title: 'Idle', about: 'Nothing is sent: what holding costs by itself.' },
  figures: [
    {
      key: 'serverCpuSecondsPerThousandHours',
      heading: 'CPU/h',
      about: 'Processor time of the server per hour and 1000 connections held.',
      quantity: 'seconds',
      better: 'less',
      of: ({ server, seconds, held }) =>
        server.cpuSeconds === null || seconds === null || seconds === 0 || held === 0
          ? null
          : ((server.cpuSeconds / seconds) * secondsPerHour * 1000) / held,
    },
    peakFigure,
  ],
  unserved: () => null,
  remarks: ({ lost }) => (Object.keys(lost).length > 0 ? [`connections were lost: ${describeCounts(lost)}`] : []),
};
