import type { LoadCounts } from '../../../assets/loadgen/raw.ts';
import type { RawHost, RawMeasurement } from '../raw/raw-run.ts';
import type { MeasurementResult } from '../schema/measurement-result.ts';
import { mergeHistograms } from '../statistics/histogram.ts';
import { greatest, sum, sumByCause, type Window } from '../statistics/numbers.ts';

/** Connections of a measurement over time. */
export interface ConnectionsMerged {
  readonly connections: MeasurementResult['connections'];
  readonly ramp: MeasurementResult['ramp'];
  /** Unix microseconds of the first attempt and of the end of the ramp; null when no load process left a file. */
  readonly rampWindow: Window | null;
  /** Open connections of all hosts: [Unix microseconds, open]. */
  readonly openOverTime: readonly (readonly [number, number])[];
  readonly undecodable: number;
}

/**
 * The counts of a load host: its processes summed, or its last status where a process left no file (the status then has more
 * processes than there are files).
 */
function countsOfHost(host: RawHost): readonly LoadCounts[] {
  const { loadStatus } = host;
  if (loadStatus !== null && memberProcesses(host, loadStatus.processes).length < loadStatus.processes) {
    return [loadStatus.counts];
  }
  return host.loadProcesses.map((process) => process.counts);
}

/**
 * The load processes of a host that hold members: those numbered below `processes`. One more that a host may have only publishes, and
 * has neither members nor a ramp.
 */
export function memberProcesses(host: RawHost, processes: number): RawHost['loadProcesses'] {
  return host.loadProcesses.filter(({ process }) => process < processes);
}

/** Merges the load hosts' counts, ramps and open connections. `wanted` is what the run asked for. */
export function mergeConnections(
  raw: RawMeasurement,
  wanted: number,
  offsets: ReadonlyMap<string, number>,
): ConnectionsMerged {
  const counts = raw.hosts.flatMap(countsOfHost);
  const open = sum(counts.map((count) => count.open));
  const established = sum(counts.map((count) => count.established));
  const openOverTime = sumOverTime(
    raw.hosts.flatMap((host) =>
      host.loadProcesses.map((process) =>
        process.ramp.openOverTime.map(([micros, value]) => [micros + (offsets.get(host.host) ?? 0), value] as const),
      ),
    ),
  );
  // Where a server ends connections at once, hardly any is open when they are counted.
  const mostOfOne = raw.hosts.flatMap((host) => host.loadProcesses.map(({ ramp }) => ramp.mostOpen ?? 0));
  const spans = raw.hosts.flatMap((host) => rampOfHost(host, offsets.get(host.host) ?? 0) ?? []);
  const seconds =
    spans.length === 0 ? null : Math.max(...spans.map((span) => (span.endedMicros - span.beganMicros) / 1e6));
  const connectLatency = mergeHistograms(
    raw.hosts.flatMap((host) => host.loadProcesses.map((process) => process.ramp.connectLatency)),
  );
  const starts = raw.hosts.flatMap((host) => host.serverStart?.processes.map((process) => process.startMillis) ?? []);
  return {
    connections: {
      wanted,
      established,
      peak: greatest([open, ...mostOfOne, ...openOverTime.map(([, value]) => value)]) ?? 0,
      open,
      attempts: sum(counts.map((count) => count.attempts)),
      abandoned: sum(counts.map((count) => count.abandoned)),
      connectFailures: sumByCause(counts.map((count) => count.connectFailures)),
      lost: sumByCause(counts.map((count) => count.lost)),
    },
    ramp: {
      seconds,
      connectionsPerSecond: seconds === null || seconds === 0 ? null : established / seconds,
      connectLatency: connectLatency.latency,
      startMillis: greatest(starts),
    },
    rampWindow:
      spans.length === 0
        ? null
        : {
            beganMicros: Math.min(...spans.map((span) => span.beganMicros)),
            endedMicros: Math.max(...spans.map((span) => span.endedMicros)),
          },
    openOverTime,
    undecodable: connectLatency.undecodable,
  };
}

/** A host's ramp from its first process to its last; one that was cut off ends with its last count. */
function rampOfHost(host: RawHost, offset: number): Window | null {
  // A process without a member (it publishes, or its share is empty) begins when it likes: it is no part of the ramp.
  const ramping = host.loadProcesses.filter(({ counts }) => counts.wanted > 0);
  if (ramping.length === 0) return null;
  const began = ramping.map((process) => process.ramp.beganMicros);
  const ended = ramping.map(
    (process) => process.ramp.endedMicros ?? process.ramp.openOverTime.at(-1)?.[0] ?? process.ramp.beganMicros,
  );
  return { beganMicros: Math.min(...began) + offset, endedMicros: Math.max(...ended) + offset };
}

/** The sum of step functions, each a list of [time, value from then on], at every time that one of them changes. */
export function sumOverTime(series: readonly (readonly (readonly [number, number])[])[]): [number, number][] {
  const changes = series.flatMap((points) =>
    points.map(([time, value], index) => [time, value - (points[index - 1]?.[1] ?? 0)] as const),
  );
  changes.sort(([a], [b]) => a - b);
  const result: [number, number][] = [];
  let value = 0;
  for (const [time, change] of changes) {
    value += change;
    const last = result.at(-1);
    if (last !== undefined && last[0] === time) last[1] = value;
    else result.push([time, value]);
  }
  return result;
}
