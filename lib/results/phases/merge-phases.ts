import type { PhaseRaw } from '../../../assets/loadgen/phases/rooms.ts';
import { formatPhase } from '../../../assets/loadgen/workload/parse-text.ts';
import {
  phaseNames,
  type Phase,
  type PhaseKindName,
  type Workload,
} from '../../../assets/loadgen/workload/phase-kinds.ts';
import type { RawMeasurement } from '../raw/raw-run.ts';
import { mergeHistograms } from '../statistics/histogram.ts';
import { greatest, sum, type Window } from '../statistics/numbers.ts';
import { usedWithin, type ProcessorTime } from '../statistics/processor-time.ts';
import { kernelBytes, serverBytes, serverHost, serverUnits } from '../statistics/server-samples.ts';
import type { PhaseResultCommon } from './common.ts';
import type { Meanwhile, PhasePart } from './phase-room.ts';
import { resultRoom, type PhaseResult } from './rooms.ts';

/** The phases of a measurement. */
export interface PhasesMerged {
  readonly phases: readonly PhaseResult[];
  /** Unix microseconds of each; null for one that no host began. */
  readonly windows: readonly (Window | null)[];
  /** Histograms that could not be decoded. */
  readonly undecodable: number;
  /** What the load hosts left nothing of, as sentences. */
  readonly missing: readonly string[];
}

/** Merges each phase of a workload over all processes of all load hosts. */
export function mergePhases(
  raw: RawMeasurement,
  workload: Workload,
  offsets: ReadonlyMap<string, number>,
  serverTime: ProcessorTime,
): PhasesMerged {
  const names = phaseNames(workload);
  const merged = workload.map((asked, place) => {
    const parts = partsOf(raw, place, asked.kind, offsets);
    return mergePhase(raw, asked, place, names[place] ?? asked.kind, parts, offsets, serverTime);
  });
  return {
    phases: merged.map(({ phase }) => phase),
    windows: merged.map(({ window }) => window),
    undecodable: merged.reduce((total, { undecodable }) => total + undecodable, 0),
    missing: merged.flatMap(({ missing }) => missing),
  };
}

function partsOf(
  raw: RawMeasurement,
  place: number,
  kind: PhaseKindName,
  offsets: ReadonlyMap<string, number>,
): readonly PhasePart<PhaseKindName>[] {
  return raw.hosts.flatMap((host) =>
    host.loadProcesses.flatMap(({ phases }) =>
      phases
        .filter((phase) => phase.place === place && phase.kind === kind)
        .map((phase: PhaseRaw) => ({ host: host.host, offset: offsets.get(host.host) ?? 0, raw: phase })),
    ),
  );
}

function mergePhase(
  raw: RawMeasurement,
  asked: Phase,
  place: number,
  name: string,
  parts: readonly PhasePart<PhaseKindName>[],
  offsets: ReadonlyMap<string, number>,
  serverTime: ProcessorTime,
) {
  const room = resultRoom(asked.kind);
  const hosts = hostsOf(parts);
  const window = windowOf(raw, hosts, offsets);
  const seconds = window === null ? null : (window.endedMicros - window.beganMicros) / 1e6;
  const { samples, memory } = samplesMeanwhile(raw, window, offsets);
  const merged = room.merge(parts, asked, { samples, memory, seconds });
  const { latency, undecodable } = mergeHistograms(merged.latencies);
  const common: PhaseResultCommon = {
    name,
    place,
    asked: formatPhase(asked),
    complete: hosts.length > 0 && hosts.every(({ endedUnixMillis }) => endedUnixMillis !== null),
    seconds,
    hosts,
    overlap: overlapOf(hosts),
    latency,
    server: {
      cpuSeconds: window === null ? null : usedWithin(serverTime, window),
      peakBytes: greatest(samples.map(serverBytes)),
      kernelPeakBytes: greatest(samples.map(kernelBytes)),
    },
    generator: {
      maxTurnMicros: greatest(parts.map((part) => part.raw.maxTurnMicros)) ?? 0,
      maxLatenessMicros: greatest(parts.map((part) => part.raw.maxLatenessMicros)) ?? 0,
      lateWork: lateWorkOf(parts),
    },
  };
  const phase = { kind: asked.kind, ...common, ...merged.measured } as PhaseResult;
  const cut = hosts
    .filter(({ endedUnixMillis }) => endedUnixMillis === null)
    .map(({ host }) => `${host}: phase ${place + 1} of the workload, ${name}, was cut short`);
  // A measurement of which no load process left a file says so itself.
  const isUnbegun = hosts.length === 0 && raw.hosts.some(({ loadProcesses }) => loadProcesses.length > 0);
  const began = isUnbegun ? [`no load host began phase ${place + 1} of the workload, ${name}`] : cut;
  const lost = merged.hasLatency && latency === null ? [`${name}: no latency was kept of what was counted`] : [];
  return { phase, window, undecodable: undecodable + (merged.undecodable ?? 0), missing: [...began, ...lost] };
}

/** Null where not every load process was told when what came came. */
function lateWorkOf(parts: readonly PhasePart<PhaseKindName>[]): number | null {
  const late = parts.map((part) => part.raw.lateWork);
  return late.includes(undefined) ? null : sum(late.map((pieces) => pieces ?? 0));
}

/** The phase on each host, over its processes: they share the host's clock. Whole milliseconds are as good as clocks of hosts agree. */
function hostsOf(parts: readonly PhasePart<PhaseKindName>[]): PhaseResultCommon['hosts'] {
  return [...Map.groupBy(parts, ({ host }) => host)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([host, own]) => {
      const millis = (micros: number, offset: number): number => Math.round(micros + offset) / 1000;
      const ends = own.map(({ raw, offset }) => (raw.endedMicros === null ? null : millis(raw.endedMicros, offset)));
      return {
        host,
        beganUnixMillis: Math.min(...own.map(({ raw, offset }) => millis(raw.beganMicros, offset))),
        endedUnixMillis: ends.includes(null) ? null : greatest(ends.filter((end) => end !== null)),
      };
    });
}

/** From the first host's beginning to the last host's end; what was cut short ends with the samples. */
function windowOf(
  raw: RawMeasurement,
  hosts: PhaseResultCommon['hosts'],
  offsets: ReadonlyMap<string, number>,
): Window | null {
  if (hosts.length === 0) return null;
  const beganMicros = Math.min(...hosts.map(({ beganUnixMillis }) => beganUnixMillis)) * 1000;
  const lastSample = greatest(
    raw.hosts.map((host) => (host.samples.at(-1)?.monotonicMicros ?? 0) + (offsets.get(host.host) ?? 0)),
  );
  const ends = hosts.map(({ endedUnixMillis }) =>
    endedUnixMillis === null ? (lastSample ?? beganMicros) : endedUnixMillis * 1000,
  );
  return { beganMicros, endedMicros: Math.max(beganMicros, ...ends) };
}

/** Share of the time from first beginning to last end in which all hosts were in the phase; null for less than two hosts. */
function overlapOf(hosts: PhaseResultCommon['hosts']): number | null {
  const ends = hosts.map(({ endedUnixMillis }) => endedUnixMillis).filter((end) => end !== null);
  if (hosts.length < 2 || ends.length < hosts.length) return null;
  const begins = hosts.map(({ beganUnixMillis }) => beganUnixMillis);
  const whole = Math.max(...ends) - Math.min(...begins);
  return whole <= 0 ? 1 : Math.max(0, Math.min(...ends) - Math.max(...begins)) / whole;
}

/** The samples of the server's host during a window, and its memory over time. */
function samplesMeanwhile(
  raw: RawMeasurement,
  window: Window | null,
  offsets: ReadonlyMap<string, number>,
): Pick<Meanwhile, 'samples' | 'memory'> {
  const host = serverHost(raw);
  if (window === null || host === undefined) return { samples: [], memory: [] };
  const offset = offsets.get(host.host) ?? 0;
  const samples = host.samples.filter((sample) => {
    const micros = sample.monotonicMicros + offset;
    return micros >= window.beganMicros && micros <= window.endedMicros && serverUnits(sample).length > 0;
  });
  const memory = samples.map(
    (sample) => [(sample.monotonicMicros + offset - window.beganMicros) / 1e6, serverBytes(sample)] as const,
  );
  return { samples, memory };
}
