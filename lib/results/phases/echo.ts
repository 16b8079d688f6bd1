import * as v from 'valibot';
import type { PhaseRawOf } from '../../../assets/loadgen/phases/rooms.ts';
import { wrongAnswers } from '../../../assets/loadgen/measure/wrong-answers.ts';
import { count } from '../schema/fields.ts';
import { sum } from '../statistics/numbers.ts';
import { latencyFigures, rawSchemaOf, resultSchemaOf, wholeNumber, shortOf } from './common.ts';
import type { ResultRoom } from './phase-room.ts';

/** Its part of a raw file. */
export const echoRawSchema = rawSchemaOf('echo', {
  sent: wholeNumber,
  received: wholeNumber,
  wrong: wholeNumber,
  doubled: v.optional(wholeNumber),
  outOfOrder: v.optional(wholeNumber),
  notSent: wholeNumber,
  latency: v.string(),
});

const measured = {
  sent: count('Messages that were due and sent.'),
  received: count('Messages that came back unchanged; latency is their round trip from the due time.'),
  wrong: count('Messages that came back changed, twice, or on another connection.'),
  doubled: count('Of the wrong those that came twice.'),
  outOfOrder: count('Received ones that came after the answer to a later message of their connection.'),
  notSent: count('Messages that were due on a connection which took no more.'),
};

/** A phase of echoes in a result. */
export const echoResultSchema = resultSchemaOf('echo', measured);

/** A phase of echoes. */
export type EchoResult = v.InferOutput<typeof echoResultSchema>;

/** Echoes: counts are added, round trips merged whole. */
export const echoRoom: ResultRoom<'echo', Pick<EchoResult, keyof typeof measured>, EchoResult> = {
  merge: (parts) => {
    const total = (of: (raw: PhaseRawOf<'echo'>) => number): number => sum(parts.map(({ raw }) => of(raw)));
    const [sent, received] = [total((raw) => raw.sent), total((raw) => raw.received)];
    return {
      latencies: parts.map(({ raw }) => raw.latency),
      hasLatency: received > 0,
      measured: {
        sent,
        received,
        wrong: total((raw) => raw.wrong),
        doubled: total((raw) => raw.doubled ?? 0),
        outOfOrder: total((raw) => raw.outOfOrder ?? 0),
        notSent: total((raw) => raw.notSent),
      },
    };
  },
  latency: { title: 'Echo round trip', about: 'From the moment an echo was due until it was back.' },
  figures: latencyFigures('Round trip of a message from its due time').slice(0, 2),
  unserved: ({ sent, received }) => shortOf(sent, received, 'echoes never came back', true),
  missing: ({ sent, ...counts }) => {
    const ways = wrongAnswers(counts);
    return ways.length > 0 ? [`wrong answers to ${sent} echoes: ${ways.join(', ')}`] : [];
  },
  remarks: ({ notSent }) => (notSent > 0 ? [`${notSent} echoes were due on connections that took no more`] : []),
};
