import * as v from 'valibot';
import type { PhaseRawOf } from '../../../assets/loadgen/phases/rooms.ts';
import { count } from '../schema/fields.ts';
import { sum } from '../statistics/numbers.ts';
import { latencyFigures, rawSchemaOf, resultSchemaOf, wholeNumber, shortOf } from './common.ts';
import type { ResultRoom } from './phase-room.ts';

/** Its part of a raw file. */
export const heartbeatRawSchema = rawSchemaOf('heartbeat', {
  sent: wholeNumber,
  received: wholeNumber,
  wrong: wholeNumber,
  latency: v.string(),
});

const measured = {
  sent: count('Pings that were due and sent.'),
  received: count('Pings that were answered; latency is the round trip from the due time.'),
  wrong: count('Pongs that answer no ping, or one that a later pong has overtaken.'),
};

/** A phase of heartbeats in a result. */
export const heartbeatResultSchema = resultSchemaOf('heartbeat', measured);

/** A phase of heartbeats. */
export type HeartbeatResult = v.InferOutput<typeof heartbeatResultSchema>;

/** Heartbeats: counts are added, round trips merged whole. */
export const heartbeatRoom: ResultRoom<'heartbeat', Pick<HeartbeatResult, keyof typeof measured>, HeartbeatResult> = {
  merge: (parts) => {
    const total = (of: (raw: PhaseRawOf<'heartbeat'>) => number): number => sum(parts.map(({ raw }) => of(raw)));
    const [sent, received] = [total((raw) => raw.sent), total((raw) => raw.received)];
    return {
      latencies: parts.map(({ raw }) => raw.latency),
      hasLatency: received > 0,
      measured: { sent, received, wrong: total((raw) => raw.wrong) },
    };
  },
  latency: { title: 'Heartbeat round trip', about: 'From the moment a ping was due until its pong was back.' },
  figures: [
    {
      key: 'serverCpuSecondsPerThousand',
      heading: 'CPU/1000',
      about:
        'Processor time of the server per 1000 heartbeats: 0.2 s means that 1000 a second keep 0.2 processors busy.',
      quantity: 'seconds',
      better: 'less',
      of: ({ server, sent }) => (server.cpuSeconds === null || sent === 0 ? null : (1000 * server.cpuSeconds) / sent),
    },
    ...latencyFigures('Round trip of a ping from its due time').slice(0, 2),
  ],
  unserved: ({ sent, received }) => shortOf(sent, received, 'pings were never answered', true),
  remarks: ({ wrong }) => (wrong > 0 ? [`${wrong} pongs answer no ping`] : []),
};
