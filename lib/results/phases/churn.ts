import * as v from 'valibot';
import type { PhaseRawOf } from '../../../assets/loadgen/phases/rooms.ts';
import { amount, count, countsByCause, real } from '../schema/fields.ts';
import { latencySchema } from '../schema/latency.ts';
import { mergeHistograms } from '../statistics/histogram.ts';
import { describeCounts, sum, sumByCause } from '../statistics/numbers.ts';
import { lineThrough } from '../statistics/slope.ts';
import { latencyFigures, rawSchemaOf, resultSchemaOf, wholeNumber, shortOf } from './common.ts';
import type { Meanwhile, ResultRoom } from './phase-room.ts';

/** Its part of a raw file. */
export const churnRawSchema = rawSchemaOf('churn', {
  due: v.optional(wholeNumber),
  closed: wholeNumber,
  closedInTime: wholeNumber,
  closeLatency: v.string(),
  opened: wholeNumber,
  attempts: wholeNumber,
  failures: v.record(v.string(), wholeNumber),
  givenUp: wholeNumber,
  latency: v.string(),
});

const growthSchema = v.object({
  bytesPerConnection: real('How much the memory of the server grew per connection closed and reopened, bytes.'),
  lowBytesPerConnection: real('Lower end of its 95 % confidence interval.'),
  highBytesPerConnection: real('Upper end of its 95 % confidence interval.'),
  samples: count('Samples that the line was fitted to.'),
  verdict: v.pipe(
    v.picklist(['grows', 'none', 'unknown']),
    v.description(
      'grows: the whole interval is above zero; none: it holds zero and ends below 1 kB; unknown: it holds zero and is wider.',
    ),
  ),
});

const measured = {
  due: v.optional(
    v.nullable(
      count('Connections that were to be closed in the time asked for; null in runs of before it was counted.'),
    ),
    null,
  ),
  closed: count('Connections closed by the client.'),
  closedInTime: count('Those that the server closed within 5 s; the others were reset.'),
  closeLatency: v.nullable(latencySchema),
  opened: count('Connections opened in their place; latency is from when the old one had gone to the 101 response.'),
  attempts: count('Attempts to open them, retries included.'),
  failures: countsByCause('Attempts that failed, by cause.'),
  givenUp: count('Connections given up after three attempts.'),
  memoryGrowth: v.nullable(growthSchema),
  connectionsPerSecond: v.nullable(amount('Connections closed and reopened per second.')),
};

/** A phase of churn in a result. */
export const churnResultSchema = resultSchemaOf('churn', measured);

/** A phase of churn. */
export type ChurnResult = v.InferOutput<typeof churnResultSchema>;

/** An interval that ends below so many bytes a connection shows that there is no leak worth the name. */
const noLeakBytes = 1000;

/** Churn: counts are added, handshakes merged whole; a leak is memory that grows with connections that come and go. */
export const churnRoom: ResultRoom<'churn', Pick<ChurnResult, keyof typeof measured>, ChurnResult> = {
  merge: (parts, asked, meanwhile) => {
    const total = (of: (raw: PhaseRawOf<'churn'>) => number): number => sum(parts.map(({ raw }) => of(raw)));
    const [closed, opened] = [total((raw) => raw.closed), total((raw) => raw.opened)];
    const closing = mergeHistograms(parts.map(({ raw }) => raw.closeLatency));
    const perSecond = meanwhile.seconds === null || meanwhile.seconds === 0 ? null : opened / meanwhile.seconds;
    return {
      latencies: parts.map(({ raw }) => raw.latency),
      hasLatency: opened > 0,
      measured: {
        due: parts.some(({ raw }) => raw.due === undefined) ? null : total((raw) => raw.due ?? 0),
        closed,
        closedInTime: total((raw) => raw.closedInTime),
        closeLatency: closing.latency,
        opened,
        attempts: total((raw) => raw.attempts),
        failures: sumByCause(parts.map(({ raw }) => raw.failures as Record<string, number>)),
        givenUp: total((raw) => raw.givenUp),
        memoryGrowth: growthOf(meanwhile, opened, asked.seconds),
        connectionsPerSecond: perSecond,
      },
      undecodable: closing.undecodable,
    };
  },
  latency: { title: 'Handshake under churn', about: 'From connect() to the 101 response, while as many others close.' },
  figures: [
    ...latencyFigures('Handshake, from connect() to the 101 response').slice(0, 2),
    {
      key: 'serverCpuSecondsEach',
      heading: 'CPU/conn',
      about: 'Processor time of the server per connection closed and reopened.',
      quantity: 'seconds',
      better: 'less',
      of: ({ server, opened }) => (server.cpuSeconds === null || opened === 0 ? null : server.cpuSeconds / opened),
    },
    {
      key: 'growthBytesPerConnection',
      heading: 'growth',
      about:
        'Memory that the server gained per connection closed and reopened: 0 where it gained none, - where that is unclear.',
      quantity: 'bytes',
      better: 'less',
      of: ({ memoryGrowth }) =>
        memoryGrowth === null || memoryGrowth.verdict === 'unknown'
          ? null
          : memoryGrowth.verdict === 'none'
            ? 0
            : memoryGrowth.bytesPerConnection,
    },
  ],
  unserved: ({ closed, opened }) => shortOf(closed, opened, 'connections could not be opened again', true),
  missing: ({ complete, due, closed }) =>
    complete && due !== null && closed < due
      ? [`${due - closed} of ${due} connections that were to be closed were not`]
      : [],
  remarks: ({ closed, closedInTime, failures, memoryGrowth }) => [
    ...(closedInTime < closed
      ? [`the server did not close ${closed - closedInTime} of ${closed} connections in 5 s`]
      : []),
    ...(Object.keys(failures).length > 0 ? [`attempts failed: ${describeCounts(failures)}`] : []),
    ...(memoryGrowth?.verdict === 'grows'
      ? [
          `memory of the server grew by ${Math.round(memoryGrowth.bytesPerConnection)} bytes per connection closed and reopened (95 %: ${Math.round(memoryGrowth.lowBytesPerConnection)} to ${Math.round(memoryGrowth.highBytesPerConnection)}): a leak, or a heap that still warms up`,
        ]
      : []),
  ],
};

/**
 * The slope of memory over time, a connection exchanged. Only while exchanges are due: the last of those that try again may come seconds
 * later, in which next to nothing grows.
 */
function growthOf({ memory }: Meanwhile, opened: number, dueSeconds: number): ChurnResult['memoryGrowth'] {
  const line = lineThrough(memory.filter(([seconds]) => seconds <= dueSeconds));
  const perSecond = opened / dueSeconds;
  if (line === null || perSecond === 0) return null;
  const [low, high] = [line.low / perSecond, line.high / perSecond];
  return {
    bytesPerConnection: line.slope / perSecond,
    lowBytesPerConnection: low,
    highBytesPerConnection: high,
    samples: line.samples,
    verdict: low > 0 ? 'grows' : high < noLeakBytes ? 'none' : 'unknown',
  };
}
