import * as v from 'valibot';
import { amount, count, flag, text } from '../schema/fields.ts';
import { latencySchema } from '../schema/latency.ts';

/** A whole number in a raw file. */
export const wholeNumber = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What every kind of phase has in its part of a raw file. */
const rawEntries = {
  place: wholeNumber,
  beganMicros: v.number(),
  endedMicros: v.nullable(v.number()),
  maxTurnMicros: v.number(),
  maxLatenessMicros: v.number(),
  lateWork: v.optional(wholeNumber),
};

/** What stands once in the JSON Schema, as every kind of phase has it. */
export const phaseParts = {
  phaseHosts: v.pipe(
    v.array(
      v.object({
        host: text('Load host.'),
        beganUnixMillis: amount('When its first work was due there.'),
        endedUnixMillis: v.nullable(amount('When its last work was due or came there; null when it was cut short.')),
      }),
    ),
    v.description('When it took place on each load host: hosts do not wait for each other.'),
  ),
  phaseServer: v.object({
    cpuSeconds: v.nullable(amount('Processor time of the server processes meanwhile.')),
    peakBytes: v.nullable(amount('The most memory that the server processes had meanwhile (RssAnon, summed), bytes.')),
    kernelPeakBytes: v.nullable(amount('The most unreclaimable slab and socket buffers meanwhile, bytes.')),
  }),
  phaseGenerator: v.object({
    maxTurnMicros: amount('The longest loop iteration of a load process meanwhile: arrivals were seen this much late.'),
    maxLatenessMicros: amount(
      'The greatest scheduling delay of a load process meanwhile: how late what was due was begun.',
    ),
    lateWork: v.optional(
      v.nullable(
        count(
          'Pieces of work begun more than 25 ms late; null where arrivals were not timed by the kernel, or not in all load processes.',
        ),
      ),
      null,
    ),
  }),
};

/** What every kind of phase has in a result. */
const resultEntries = {
  name: text('Its name in figures and charts: the kind, from the second of a kind on with a number, such as echo-2.'),
  place: count('Which phase of the workload it is, from 0.'),
  asked: text('The phase as it was asked for, in the text form of a workload.'),
  complete: flag('Whether it ended by itself on every load host.'),
  seconds: v.nullable(amount('From its first work on any host to its last on any; null when no host began it.')),
  hosts: phaseParts.phaseHosts,
  overlap: v.nullable(amount('Share of its time in which all load hosts were in it, 0 to 1.')),
  latency: v.nullable(latencySchema),
  server: phaseParts.phaseServer,
  generator: phaseParts.phaseGenerator,
};

/** The schema of a kind's part of a raw file. */
export function rawSchemaOf<const Kind extends string, Entries extends v.ObjectEntries>(kind: Kind, entries: Entries) {
  return v.object({ kind: v.literal(kind), ...rawEntries, ...entries });
}

/** The schema of a kind in a result. */
export function resultSchemaOf<const Kind extends string, Entries extends v.ObjectEntries>(
  kind: Kind,
  entries: Entries,
) {
  return v.object({ kind: v.literal(kind), ...resultEntries, ...entries });
}

/** A phase of any kind in a result: what all have in common. */
export type PhaseResultCommon = v.InferOutput<v.ObjectSchema<typeof resultEntries, undefined>>;

/** Whether a figure is one of {@link latencyFigures}. */
export function isLatencyFigure(key: string): boolean {
  return /^(p50|p99|max)Micros$/.test(key);
}

/** Figures of the latency that most phases are compared by. */
export const latencyFigures = (what: string) =>
  [
    { name: 'p50', of: (phase: PhaseResultCommon) => phase.latency?.p50Micros ?? null },
    { name: 'p99', of: (phase: PhaseResultCommon) => phase.latency?.p99Micros ?? null },
    { name: 'max', of: (phase: PhaseResultCommon) => phase.latency?.maxMicros ?? null },
  ].map(({ name, of }) => ({
    key: `${name}Micros`,
    heading: name,
    about: `${what}, ${name === 'max' ? 'the greatest' : name}.`,
    quantity: 'micros' as const,
    better: 'less' as const,
    of,
  }));

/** The server's memory as a figure that phases are compared by. */
export const peakFigure = {
  key: 'peakBytes',
  heading: 'peak',
  about: 'The most memory that the server used in this phase.',
  quantity: 'bytes',
  better: 'less',
  of: ({ server }: PhaseResultCommon) => server.peakBytes,
} as const;

/** What a phase leaves unserved where fewer things were done than were due; null where all were. `what` ends the sentence. */
export function shortOf(due: number, done: number, what: string, unlessLost: boolean) {
  if (done >= due) return null;
  return { share: (due - done) / due, sentence: `${due - done} of ${due} ${what}`, unlessLost };
}
