import type { BroadcastRaw, PublicationRaw } from '../../../assets/loadgen/raw.ts';
import type { RawMeasurement } from '../raw/raw-run.ts';
import type { BroadcastResult } from '../schema/measurement-result.ts';
import type { Latency } from '../schema/latency.ts';
import { mergeHistograms } from './statistics/histogram.ts';
import { greatest, sum, type Window } from './merge-connections.ts';

/** All broadcasts of a measurement. */
export interface BroadcastsMerged {
  readonly broadcasts: readonly BroadcastResult[];
  readonly latency: Latency | null;
  readonly spread: { readonly medianMicros: number; readonly maxMicros: number } | null;
  /** Unix microseconds from the first due time to the last arrival; null when nothing was published or arrived. */
  readonly window: Window | null;
  readonly undecodable: number;
}

interface Seen {
  readonly host: string;
  readonly broadcast: BroadcastRaw;
}

interface Published {
  readonly host: string;
  readonly publication: PublicationRaw;
}

/** Merges what all load processes saw of each broadcast. Latency comes from the host that published alone: one clock. */
export function mergeBroadcasts(raw: RawMeasurement, offsets: ReadonlyMap<string, number>): BroadcastsMerged {
  const seen = groupBySeq<Seen>(
    raw.hosts.flatMap((host) =>
      host.loadProcesses.flatMap((process) =>
        process.broadcasts.map((broadcast) => [broadcast.seq, { host: host.host, broadcast }] as const),
      ),
    ),
  );
  const published = groupBySeq<Published>(
    raw.hosts.flatMap((host) =>
      host.loadProcesses.flatMap((process) =>
        process.publications.map((publication) => [publication.seq, { host: host.host, publication }] as const),
      ),
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
  const spreads = broadcasts.flatMap((broadcast) => broadcast.maxSpreadMicros ?? []).sort((a, b) => a - b);
  const due = [...published.values()].flat().map((one) => one.publication.dueMicros + (offsets.get(one.host) ?? 0));
  const arrivals = [...seen.values()]
    .flat()
    .flatMap(({ host, broadcast }) =>
      broadcast.lastArrivalMicros === null ? [] : [broadcast.lastArrivalMicros + (offsets.get(host) ?? 0)],
    );
  const last = greatest(arrivals);
  return {
    broadcasts,
    // The broadcasts' own sums are added once more: their text is exact, so nothing is lost on the way.
    latency: mergeHistograms(broadcasts.flatMap((broadcast) => broadcast.latency?.histogram ?? [])).latency,
    spread: spreads.length === 0 ? null : { medianMicros: median(spreads), maxMicros: spreads.at(-1) ?? 0 },
    window: due.length === 0 || last === null ? null : { beganMicros: Math.min(...due), endedMicros: last },
    undecodable,
  };
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

/** The median of sorted numbers; the mean of the two in the middle where there are two. */
export function median(sorted: readonly number[]): number {
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
