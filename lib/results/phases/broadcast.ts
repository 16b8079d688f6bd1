import * as v from 'valibot';
import type { BroadcastArrivalsRaw } from '../../../assets/loadgen/phases/broadcast-log.ts';
import type { PublicationRaw } from '../../../assets/loadgen/phases/broadcast.ts';
import { amount, count, real, text } from '../schema/fields.ts';
import { latencySchema } from '../schema/latency.ts';
import { mergeHistograms } from '../statistics/histogram.ts';
import { greatest, median, sum } from '../statistics/numbers.ts';
import { latencyFigures, rawSchemaOf, resultSchemaOf, wholeNumber } from './common.ts';
import type { PhasePart, ResultRoom } from './phase-room.ts';

/** One broadcast as a load process saw it. */
export const arrivalsRawSchema = v.object({
  seq: wholeNumber,
  members: wholeNumber,
  received: wholeNumber,
  duplicates: wholeNumber,
  outOfOrder: wholeNumber,
  firstArrivalMicros: v.nullable(v.number()),
  lastArrivalMicros: v.nullable(v.number()),
  latency: v.nullable(v.string()),
});

/** Its part of a raw file. */
export const broadcastRawSchema = rawSchemaOf('broadcast', {
  broadcasts: v.array(arrivalsRawSchema),
  publications: v.array(
    v.object({
      seq: wholeNumber,
      port: wholeNumber,
      dueMicros: v.number(),
      sentMicros: v.number(),
      answer: v.nullable(v.object({ members: wholeNumber, failed: wholeNumber, elapsedMicros: v.number() })),
    }),
  ),
});

/** One broadcast to all members, as all load processes saw it. */
const broadcastResultSchema = v.object({
  seq: count('Number of the broadcast, from 0.'),
  publishedBy: v.nullable(text('Load host that published it; null when no file of a publisher was found.')),
  publishedLateMicros: v.nullable(
    real('How late the generator handed it to the kernel, after its due time; it is part of the latency.'),
  ),
  members: count('Members open when it arrived, counted by the clients.'),
  received: count('Members that received it, counted by the clients.'),
  missing: count('Members that did not receive it.'),
  duplicates: count('Arrivals beyond the first at one member.'),
  outOfOrder: v.nullable(
    count(
      "Arrivals after a broadcast of higher number at one member; null when such a one was due before it, because the hosts take turns by the clock and not by number: then its order is not the server's doing.",
    ),
  ),
  spreads: v.pipe(
    v.array(v.object({ host: text('Load host.'), micros: amount('Last arrival minus first on it, microseconds.') })),
    v.description('Time from first to last arrival, on the clock of each load host by itself.'),
  ),
  maxSpreadMicros: v.nullable(amount('The greatest of the spreads, microseconds; null when it arrived nowhere.')),
  latency: v.nullable(latencySchema),
  server: v.nullable(
    v.object({
      members: count('Members that the server says it sent to, all its processes summed.'),
      failed: count('Sends that the server says failed, all its processes summed.'),
      elapsedMicros: amount('Time for all sends as the server measured it; the slowest of its processes.'),
      unanswered: count('Server processes that gave no answer.'),
    }),
  ),
});

const measured = {
  broadcasts: v.pipe(
    v.array(broadcastResultSchema),
    v.description('Each broadcast; the latency of the phase is theirs together, from the due time to arrival.'),
  ),
  spread: v.nullable(
    v.object({
      medianMicros: amount("Median over broadcasts of each broadcast's greatest spread, microseconds."),
      maxMicros: amount('Greatest spread of all, microseconds.'),
    }),
  ),
};

/** A phase of broadcasts in a result. */
export const broadcastPhaseSchema = resultSchemaOf('broadcast', measured);

/** A phase of broadcasts. */
export type BroadcastPhaseResult = v.InferOutput<typeof broadcastPhaseSchema>;

/** One broadcast to all members. */
type BroadcastResult = v.InferOutput<typeof broadcastResultSchema>;

interface Seen {
  readonly host: string;
  readonly broadcast: BroadcastArrivalsRaw;
}

interface Published {
  readonly host: string;
  readonly publication: PublicationRaw;
}

/** Broadcasts: what all load processes saw of each. Latency comes from the host that published alone: one clock. */
export const broadcastRoom: ResultRoom<
  'broadcast',
  Pick<BroadcastPhaseResult, keyof typeof measured>,
  BroadcastPhaseResult
> = {
  merge: (parts) => {
    const { broadcasts, undecodable } = mergeAll(parts);
    const spreads = broadcasts.flatMap(({ maxSpreadMicros }) => maxSpreadMicros ?? []).sort((a, b) => a - b);
    return {
      // The broadcasts' own sums are added once more: their text is exact, so nothing is lost on the way.
      latencies: broadcasts.flatMap(({ latency }) => latency?.histogram ?? []),
      measured: {
        broadcasts,
        spread: spreads.length === 0 ? null : { medianMicros: median(spreads), maxMicros: spreads.at(-1) ?? 0 },
      },
      undecodable,
      hasLatency: broadcasts.some(({ publishedBy, received }) => publishedBy !== null && received > 0),
    };
  },
  latency: {
    title: 'Broadcast latency',
    about: 'From the moment a broadcast was due until it arrived at a member.',
  },
  figures: [
    {
      key: 'serverCpuSecondsEach',
      heading: 'CPU',
      about: 'Processor time of the server for one broadcast, from first due time to last arrival.',
      quantity: 'seconds',
      better: 'less',
      of: ({ server, broadcasts }) =>
        server.cpuSeconds === null || broadcasts.length === 0 ? null : server.cpuSeconds / broadcasts.length,
    },
    ...latencyFigures('From the due time of a broadcast to its arrival at a member'),
    {
      key: 'spreadMicros',
      heading: 'spread',
      about: 'Last arrival of a broadcast minus the first on one host, median over broadcasts.',
      quantity: 'micros',
      better: 'less',
      of: ({ spread }) => spread?.medianMicros ?? null,
    },
  ],
  unserved: ({ broadcasts }) => {
    const unheard = broadcasts.filter(({ members, received }) => members > 0 && received === 0).length;
    if (unheard === 0) return null;
    const sentence = `${unheard} of ${broadcasts.length} broadcasts reached none of the members that were open`;
    return { share: 1, sentence, unlessLost: false };
  },
  missing: ({ broadcasts }, { times }) => {
    const silent = broadcasts.filter(({ server }) => server !== null && server.unanswered > 0).length;
    const orphans = broadcasts.filter(({ publishedBy, received }) => publishedBy === null && received > 0).length;
    const published = broadcasts.filter(({ publishedBy }) => publishedBy !== null).length;
    return [
      ...(published + orphans < times
        ? [`${times - published - orphans} of ${times} broadcasts were not published`]
        : []),
      ...(orphans > 0 ? [`${orphans} of ${times} broadcasts arrived, and who published them left no file`] : []),
      ...(silent > 0
        ? [`the server did not answer the publisher of ${silent} of ${broadcasts.length} broadcasts`]
        : []),
    ];
  },
  remarks: ({ broadcasts }) => {
    const missed = sum(broadcasts.map(({ missing }) => missing));
    const due = sum(broadcasts.map(({ members }) => members));
    return missed > 0 ? [`${missed} of ${due} broadcast messages never arrived`] : [];
  },
};

function mergeAll(parts: readonly PhasePart<'broadcast'>[]): {
  readonly broadcasts: BroadcastResult[];
  readonly undecodable: number;
} {
  const offsets = new Map(parts.map(({ host, offset }) => [host, offset]));
  const seen = groupBySeq<Seen>(
    parts.flatMap(({ host, raw }) => raw.broadcasts.map((broadcast) => [broadcast.seq, { host, broadcast }] as const)),
  );
  const published = groupBySeq<Published>(
    parts.flatMap(({ host, raw }) =>
      raw.publications.map((publication) => [publication.seq, { host, publication }] as const),
    ),
  );
  let undecodable = 0;
  const seqs = [...new Set([...seen.keys(), ...published.keys()])].sort((a, b) => a - b);
  const dueOf = (seq: number): number | null => {
    const times = (published.get(seq) ?? []).map((one) => one.publication.dueMicros + (offsets.get(one.host) ?? 0));
    return times.length === 0 ? null : Math.min(...times);
  };
  const dueBySeq = seqs.map((seq) => [seq, dueOf(seq)] as const);
  const broadcasts = seqs.map((seq) => {
    const merged = mergeBroadcast(seq, seen.get(seq) ?? [], published.get(seq) ?? []);
    undecodable += merged.undecodable;
    const due = dueOf(seq);
    const overtaken = dueBySeq.some(([other, at]) => other > seq && at !== null && due !== null && at <= due);
    return overtaken ? { ...merged.result, outOfOrder: null } : merged.result;
  });
  return { broadcasts, undecodable };
}

function mergeBroadcast(
  seq: number,
  seen: readonly Seen[],
  published: readonly Published[],
): { readonly result: BroadcastResult; readonly undecodable: number } {
  const publisher = published[0]?.host ?? null;
  const { latency, undecodable } = mergeHistograms(
    seen.flatMap(({ host, broadcast }) =>
      host === publisher && broadcast.latency !== null ? [broadcast.latency] : [],
    ),
  );
  const spreads = spreadsByHost(seen);
  const members = sum(seen.map(({ broadcast }) => broadcast.members));
  const received = sum(seen.map(({ broadcast }) => broadcast.received));
  const result: BroadcastResult = {
    seq,
    publishedBy: publisher,
    publishedLateMicros: greatest(published.map(({ publication }) => publication.sentMicros - publication.dueMicros)),
    members,
    received,
    missing: Math.max(0, members - received),
    duplicates: sum(seen.map(({ broadcast }) => broadcast.duplicates)),
    outOfOrder: sum(seen.map(({ broadcast }) => broadcast.outOfOrder)),
    spreads,
    maxSpreadMicros: greatest(spreads.map(({ micros }) => micros)),
    latency,
    server: serverAnswers(published),
  };
  return { result, undecodable };
}

/** Last arrival minus first on each host, over its processes: they share the host's clock. */
function spreadsByHost(seen: readonly Seen[]): BroadcastResult['spreads'] {
  return [...new Set(seen.map(({ host }) => host))].sort().flatMap((host) => {
    const here = seen.filter((one) => one.host === host).map(({ broadcast }) => broadcast);
    const first = here.flatMap((broadcast) => broadcast.firstArrivalMicros ?? []);
    const last = greatest(here.flatMap((broadcast) => broadcast.lastArrivalMicros ?? []));
    return first.length === 0 || last === null ? [] : [{ host, micros: Math.max(0, last - Math.min(...first)) }];
  });
}

function serverAnswers(published: readonly Published[]): BroadcastResult['server'] {
  if (published.length === 0) return null;
  const answers = published.flatMap(({ publication }) => publication.answer ?? []);
  return {
    members: sum(answers.map((answer) => answer.members)),
    failed: sum(answers.map((answer) => answer.failed)),
    elapsedMicros: greatest(answers.map((answer) => answer.elapsedMicros)) ?? 0,
    unanswered: published.length - answers.length,
  };
}

function groupBySeq<T>(entries: readonly (readonly [number, T])[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const [seq, value] of entries) {
    const group = groups.get(seq);
    if (group === undefined) groups.set(seq, [value]);
    else group.push(value);
  }
  return groups;
}
