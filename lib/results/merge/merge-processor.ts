import type { HostSample } from '../../../assets/host/raw.ts';
import type { RawHost, RawMeasurement } from '../raw/raw-run.ts';
import type { MeasurementResult } from '../schema/measurement-result.ts';
import { greatest, sum, type Window } from './merge-connections.ts';

/** Processor time since the start, over time: [Unix microseconds, seconds]. It never falls. */
export type ProcessorTime = readonly (readonly [unixMicros: number, cpuSeconds: number])[];

/**
 * Processor time of the units whose name begins with `prefix`, summed, at each sample. A unit that is gone keeps what it had used, so that
 * a process that dies takes nothing back.
 */
export function processorTime(host: RawHost, prefix: string, offset: number): ProcessorTime {
  const used = new Map<string, number>();
  return host.samples.flatMap((sample: HostSample) => {
    for (const [name, unit] of Object.entries(sample.units)) {
      if (name.startsWith(prefix)) used.set(name, Math.max(unit.cpuSeconds, used.get(name) ?? 0));
    }
    return used.size === 0 ? [] : [[sample.monotonicMicros + offset, sum([...used.values()])] as const];
  });
}

/** Processor time used in a window, between the samples that enclose it; null when none do. What idles in between costs nothing. */
export function usedWithin(time: ProcessorTime, window: Window): number | null {
  const before = time.findLast(([micros]) => micros <= window.beganMicros) ?? time[0];
  const after = time.find(([micros]) => micros >= window.endedMicros) ?? time.at(-1);
  if (before === undefined || after === undefined || after[0] <= before[0]) return null;
  return after[1] - before[1];
}

/** Processors in use over time, [Unix microseconds, processors], from one sample to the next. */
export function processorsInUse(time: ProcessorTime): readonly (readonly [number, number])[] {
  return time.slice(1).flatMap(([micros, seconds], index) => {
    const [beforeMicros, beforeSeconds] = time[index] ?? [micros, seconds];
    return micros <= beforeMicros
      ? []
      : [[micros, ((seconds - beforeSeconds) * 1e6) / (micros - beforeMicros)] as const];
  });
}

/** Samples at the beginning that do not count for what sampling costs: a program compiles itself first. */
const warmUpSamples = 3;

/** The share of one processor that a host's sampler used once it was warm; null for samples too few to tell. */
export function samplerShare({ samples }: RawHost): number | null {
  const [first, last] = [samples[warmUpSamples], samples.at(-1)];
  if (first === undefined || last === undefined || last.monotonicMicros - first.monotonicMicros < 5e6) return null;
  return ((last.samplerSeconds - first.samplerSeconds) * 1e6) / (last.monotonicMicros - first.monotonicMicros);
}

/** Processor time of server and load generator, by the windows of the ramp and of the broadcasts. */
export function mergeProcessor(
  raw: RawMeasurement,
  offsets: ReadonlyMap<string, number>,
  windows: { readonly ramp: Window | null; readonly broadcasts: Window | null },
  broadcasts: number,
): { readonly cpu: MeasurementResult['cpu']; readonly serverTime: ProcessorTime } {
  const serverHost = raw.hosts.find((host) => host.host === 'server' || host.facts?.role === 'server');
  const serverTime =
    serverHost === undefined ? [] : processorTime(serverHost, 'c1m-server-', offsets.get(serverHost.host) ?? 0);
  const loadRamp = raw.hosts.flatMap((host) => {
    const time = processorTime(host, 'c1m-loadgen', offsets.get(host.host) ?? 0);
    // A generator that began after the sample before the ramp has used nothing then.
    const fromNothing: ProcessorTime = [[-Infinity, 0], ...time];
    return windows.ramp === null || time.length === 0 ? [] : (usedWithin(fromNothing, windows.ramp) ?? []);
  });
  const loadProcesses = raw.hosts.flatMap((host) => host.loadProcesses);
  const broadcastSeconds = windows.broadcasts === null ? null : usedWithin(serverTime, windows.broadcasts);
  return {
    serverTime,
    cpu: {
      serverRampSeconds: windows.ramp === null ? null : usedWithin(serverTime, windows.ramp),
      serverSecondsPerBroadcast: broadcastSeconds === null || broadcasts === 0 ? null : broadcastSeconds / broadcasts,
      serverTotalSeconds: serverTime.at(-1)?.[1] ?? null,
      loadRampSeconds: loadRamp.length === 0 ? null : sum(loadRamp),
      loadTotalSeconds:
        loadProcesses.length === 0
          ? null
          : sum(loadProcesses.map(({ cpuSeconds }) => cpuSeconds.user + cpuSeconds.system)),
      samplerShare: greatest(raw.hosts.flatMap((host) => samplerShare(host) ?? [])),
    },
  };
}
