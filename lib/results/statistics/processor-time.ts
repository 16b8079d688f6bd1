import type { HostSample } from '../../../assets/host/raw.ts';
import type { RawHost } from '../raw/raw-run.ts';
import { sum, type Window } from './numbers.ts';

/** Processor time since the start, over time: [Unix microseconds, seconds]. It never falls. */
export type ProcessorTime = readonly (readonly [unixMicros: number, cpuSeconds: number])[];

/**
 * Processor time of the units whose name begins with `prefix`, summed, at each sample. A unit that is gone keeps what it had used, and one
 * that was started again adds to it, so that a process that dies takes nothing back.
 */
export function processorTime(host: RawHost, prefix: string, offset: number): ProcessorTime {
  const used = new Map<string, number>();
  const before = new Map<string, { readonly pid: number; readonly cpuSeconds: number }>();
  return host.samples.flatMap((sample: HostSample) => {
    for (const [name, unit] of Object.entries(sample.units)) {
      if (!name.startsWith(prefix)) continue;
      const last = before.get(name);
      const since = last === undefined || last.pid !== unit.pid ? 0 : last.cpuSeconds;
      used.set(name, (used.get(name) ?? 0) + Math.max(0, unit.cpuSeconds - since));
      before.set(name, unit);
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
