import { createRequire } from 'node:module';
import type * as Hdr from 'hdr-histogram-js';
import { addDeflate, type DeflateRaw } from '../deflate/deflate-sums.ts';
import { addCauses } from './failure-causes.ts';
import type { PushesRaw } from './push-log.ts';
import { addServerWords, type ServerWordsRaw } from './server-words.ts';
import type { BroadcastArrivalsRaw } from '../phases/broadcast-log.ts';
import type { PhaseRaw } from '../phases/rooms.ts';
import { addHandshakes, type HandshakeCounts } from '../tls/handshake-counts.ts';
import type { AddressCounts, FailureCounts, LoadProcessRaw } from '../raw.ts';

/** A distribution in microseconds; null where nothing was recorded, for a 0 would read as a fast one. */
export interface Distribution {
  readonly count: number;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** What a server pushed unasked, over all processes of a host. */
export interface PushSummary {
  readonly messages: number;
  readonly bytes: number;
  /** From the first to the last; null when there were fewer than two. */
  readonly messagesPerSecond: number | null;
  /** By the times that messages carry; null when no stamp was asked for. */
  readonly stamped: {
    readonly latencyMicros: Distribution;
    /** Whether server and load generator have one clock; else the offset of the two is in the latency. */
    readonly sharesClock: boolean;
    readonly unstamped: number;
    readonly ahead: number;
  } | null;
}

/** One broadcast over all processes of a host. */
interface BroadcastSummary {
  readonly seq: number;
  readonly members: number;
  readonly received: number;
  readonly duplicates: number;
  readonly outOfOrder: number;
  /** From the due time to the arrival. */
  readonly latencyMicros: Distribution;
  /** From the first arrival to the last; null when nothing arrived. */
  readonly spreadMicros: number | null;
}

/** One phase over all processes of a host. */
export interface PhaseSummary {
  readonly kind: string;
  readonly place: number;
  /** What was counted, by the names that the phase has for it. */
  readonly counts: Readonly<Record<string, number>>;
  /** From the due time. */
  readonly latencyMicros: Distribution;
  /** Each broadcast by itself; none in a phase of another kind. */
  readonly broadcasts: readonly BroadcastSummary[];
  /** The longest iteration or scheduling delay of any load process meanwhile. */
  readonly longestPauseMicros: number;
}

/** The result of a run without commands, and what its --json prints. Times in microseconds. */
export interface Summary {
  readonly wanted: number;
  readonly open: number;
  readonly established: number;
  readonly attempts: number;
  readonly abandoned: number;
  readonly connectFailures: FailureCounts;
  readonly lost: FailureCounts;
  /** Each address by itself, where the server has several; else empty. */
  readonly addresses: readonly AddressCounts[];
  /** From the first connect to the last connection opened or given up, over all processes. */
  readonly rampSeconds: number | null;
  readonly connectionsPerSecond: number | null;
  readonly connectMicros: Distribution;
  readonly phases: readonly PhaseSummary[];
  /** Broadcasts that came though no phase has them. */
  readonly strays: readonly BroadcastSummary[];
  /** What the server said of failures and closes. */
  readonly serverWords: ServerWordsRaw;
  readonly pushes: PushSummary;
  /** What compression came to, the publisher's included; null where it was not offered. */
  readonly deflate: DeflateRaw | null;
  /** TLS handshakes; null where no session was to be resumed. */
  readonly handshakes: HandshakeCounts | null;
  /** The load processes themselves. */
  readonly generator: {
    readonly processes: number;
    readonly cpuSeconds: { readonly user: number; readonly system: number };
    readonly rssBytes: number;
    /** How late timed work was begun: what is not small here was not the server's doing. */
    readonly latenessMicros: Distribution;
    readonly turnMicros: Distribution;
  };
}

/** Merges the raw files of one host's processes: counts are added, histograms merged whole. */
export function summarize(raws: readonly LoadProcessRaw[]): Summary {
  const sum = (of: (raw: LoadProcessRaw) => number): number => raws.reduce((total, raw) => total + of(raw), 0);
  const loads = raws.filter((raw) => raw.counts.wanted > 0);
  const began = Math.min(...loads.map((raw) => raw.ramp.beganMicros));
  const ended = loads.every((raw) => raw.ramp.endedMicros !== null)
    ? Math.max(...loads.map((raw) => raw.ramp.endedMicros ?? 0))
    : null;
  const rampSeconds = ended === null ? null : (ended - began) / 1e6;
  const established = sum((raw) => raw.counts.established);
  return {
    wanted: sum((raw) => raw.counts.wanted),
    open: sum((raw) => raw.counts.open),
    established,
    attempts: sum((raw) => raw.counts.attempts),
    abandoned: sum((raw) => raw.counts.abandoned),
    connectFailures: addCauses(raws.map((raw) => raw.counts.connectFailures)),
    lost: addCauses(raws.map((raw) => raw.counts.lost)),
    addresses: addressesOf(loads),
    rampSeconds,
    connectionsPerSecond: rampSeconds === null || rampSeconds === 0 ? null : Math.round(established / rampSeconds),
    connectMicros: distribution(loads.map((raw) => raw.ramp.connectLatency)),
    phases: phasesOf(loads),
    strays: broadcastsOf(loads.flatMap((raw) => raw.strays)),
    serverWords: addServerWords(raws.map((raw) => raw.serverWords ?? { failures: {}, closes: [] })),
    deflate: addDeflate(raws.flatMap((raw) => raw.deflate ?? [])),
    handshakes: addHandshakes(raws.flatMap((raw) => raw.handshakes ?? [])),
    pushes: pushesOf(loads.flatMap((raw) => raw.pushes ?? [])),
    generator: {
      processes: raws.length,
      cpuSeconds: { user: sum((raw) => raw.cpuSeconds.user), system: sum((raw) => raw.cpuSeconds.system) },
      rssBytes: sum((raw) => raw.rssBytes),
      latenessMicros: distribution(raws.map((raw) => raw.loop.lateness)),
      turnMicros: distribution(raws.map((raw) => raw.loop.turn)),
    },
  };
}

function addressesOf(raws: readonly LoadProcessRaw[]): readonly AddressCounts[] {
  const byAddress = Map.groupBy(
    raws.flatMap((raw) => raw.addresses ?? []),
    ({ address }) => address,
  );
  return [...byAddress].map(([address, parts]) => ({
    address,
    opened: parts.reduce((sum, { opened }) => sum + opened, 0),
    lost: parts.reduce((sum, { lost }) => sum + lost, 0),
    failures: addCauses(parts.map(({ failures }) => failures)),
  }));
}

function pushesOf(parts: readonly PushesRaw[]): PushSummary {
  const sum = (of: (part: PushesRaw) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const messages = sum((part) => part.messages);
  const first = Math.min(...parts.map(({ firstMicros }) => firstMicros ?? Infinity));
  const last = Math.max(...parts.map(({ lastMicros }) => lastMicros ?? -Infinity));
  const stamped = parts.flatMap((part) => part.stamped ?? []);
  return {
    messages,
    bytes: sum((part) => part.bytes),
    messagesPerSecond: last > first ? ((messages - 1) * 1e6) / (last - first) : null,
    stamped:
      stamped.length === 0
        ? null
        : {
            latencyMicros: distribution(stamped.map(({ latency }) => latency)),
            sharesClock: stamped.every(({ sharesClock }) => sharesClock),
            unstamped: stamped.reduce((total, { unstamped }) => total + unstamped, 0),
            ahead: stamped.reduce((total, { ahead }) => total + ahead, 0),
          },
  };
}

function phasesOf(raws: readonly LoadProcessRaw[]): readonly PhaseSummary[] {
  const byPlace = Map.groupBy(
    raws.flatMap((raw) => raw.phases),
    ({ place }) => place,
  );
  return [...byPlace].toSorted(([a], [b]) => a - b).map(([place, parts]) => phaseOf(place, parts));
}

/** Fields that every phase has, which are no counts. */
const noCounts = new Set(['place', 'beganMicros', 'endedMicros', 'maxTurnMicros', 'maxLatenessMicros', 'lateWork']);

function phaseOf(place: number, parts: readonly PhaseRaw[]): PhaseSummary {
  const counts: Record<string, number> = {};
  const add = (name: string, value: unknown): void => {
    if (typeof value === 'number' && !noCounts.has(name)) counts[name] = (counts[name] ?? 0) + value;
  };
  for (const part of parts) for (const [name, value] of Object.entries(part)) add(name, value);
  const arrivals = parts.flatMap((part) => ('broadcasts' in part ? part.broadcasts : []));
  for (const { members, received } of arrivals) {
    add('members', members);
    add('received', received);
  }
  const latencies = parts.flatMap((part) => ('latency' in part ? [part.latency] : []));
  const own = arrivals.flatMap(({ latency }) => latency ?? []);
  return {
    kind: parts[0]?.kind ?? '',
    place,
    counts,
    latencyMicros: distribution([...latencies, ...own]),
    broadcasts: broadcastsOf(arrivals),
    longestPauseMicros: Math.max(...parts.flatMap((part) => [part.maxTurnMicros, part.maxLatenessMicros])),
  };
}

function broadcastsOf(arrivals: readonly BroadcastArrivalsRaw[]): readonly BroadcastSummary[] {
  return [...Map.groupBy(arrivals, ({ seq }) => seq)]
    .toSorted(([a], [b]) => a - b)
    .map(([seq, seen]) => broadcastOf(seq, seen));
}

function broadcastOf(seq: number, parts: readonly BroadcastArrivalsRaw[]): BroadcastSummary {
  const sum = (of: (part: BroadcastArrivalsRaw) => number): number =>
    parts.reduce((total, part) => total + of(part), 0);
  const first = Math.min(...parts.map((part) => part.firstArrivalMicros ?? Infinity));
  const last = Math.max(...parts.map((part) => part.lastArrivalMicros ?? -Infinity));
  return {
    seq,
    members: sum((part) => part.members),
    received: sum((part) => part.received),
    duplicates: sum((part) => part.duplicates),
    outOfOrder: sum((part) => part.outOfOrder),
    latencyMicros: distribution(parts.map((part) => part.latency).filter((latency) => latency !== null)),
    spreadMicros: last >= first ? last - first : null,
  };
}

/** Merges encoded histograms and reads the usual percentiles. */
export function distribution(encoded: readonly string[]): Distribution {
  const hdr = createRequire(import.meta.url)('hdr-histogram-js') as typeof Hdr;
  const merged = hdr.build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3, autoResize: true });
  for (const one of encoded) merged.add(hdr.decodeFromCompressedBase64(one));
  const at = (percentile: number): number =>
    // The library gives the end of the bucket.
    Math.min(merged.getValueAtPercentile(percentile), merged.maxValue);
  if (merged.totalCount === 0) return { count: 0, p50: null, p90: null, p99: null, max: null };
  return { count: merged.totalCount, p50: at(50), p90: at(90), p99: at(99), max: merged.maxValue };
}
