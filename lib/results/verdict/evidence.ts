import type { HostSample } from '../../../assets/host/raw.ts';
import type { RawHost, RawMeasurement } from '../raw/raw-run.ts';
import type { MeasurementResult } from '../schema/measurement-result.ts';
import type { Wall } from '../schema/verdict.ts';
import type { Window } from '../statistics/numbers.ts';

/** What walls are found from: the raw files, and the figures merged from them. */
export interface Evidence {
  readonly raw: RawMeasurement;
  readonly result: Omit<MeasurementResult, 'verdict' | 'trust'>;
  readonly hostsShareOneMachine: boolean;
  /** All connections wanted were open at one time. */
  readonly reached: boolean;
  readonly offsets: ReadonlyMap<string, number>;
  readonly windows: {
    readonly ramp: Window | null;
    /** Of the phases of the workload, in their order; null for one that no host has begun. */
    readonly phases: readonly (Window | null)[];
  };
}

/** How much a counter of the samples grew from the first to the last; a counter that was reset counts from 0. */
export function growth(host: RawHost, counter: (sample: HostSample) => number): number {
  const [first, last] = [host.samples[0], host.samples.at(-1)];
  if (first === undefined || last === undefined) return 0;
  const [from, to] = [counter(first), counter(last)];
  return to >= from ? to - from : to;
}

/** The greatest value among the samples; 0 without any. */
export function most(host: RawHost, value: (sample: HostSample) => number): number {
  return host.samples.reduce((greatest, sample) => Math.max(greatest, value(sample)), 0);
}

/** The effect of a wall that explains a target not reached, and costs only time when it was. */
export function stoppedOrSlowed(evidence: Evidence): Wall['effect'] {
  return evidence.reached ? 'slowed' : 'stopped';
}

/** How many of a host's addresses on the load network went away during the measurement, of how many. */
export function addressesGone(host: RawHost): { readonly gone: number; readonly before: number } {
  const before = Math.max(host.facts?.addresses.length ?? 0, host.samples[0]?.addresses ?? 0);
  const least = host.samples.reduce((fewest, { addresses }) => Math.min(fewest, addresses), before);
  return { gone: before - least, before };
}

/** Whether a host is the server's. */
export function isServer(host: RawHost): boolean {
  return host.host === 'server' || host.facts?.role === 'server';
}

/** The samples of a host within a window of Unix time; none for an unknown window. */
export function samplesWithin(host: RawHost, window: Window | null, offset: number): readonly HostSample[] {
  if (window === null) return [];
  return host.samples.filter(({ monotonicMicros }) => {
    const unixMicros = monotonicMicros + offset;
    return unixMicros >= window.beganMicros && unixMicros <= window.endedMicros;
  });
}

/** The longest run of values in a row that satisfy a condition. */
export function longestRun<T>(values: readonly T[], condition: (value: T) => boolean): number {
  let longest = 0;
  let run = 0;
  for (const value of values) {
    run = condition(value) ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** The first line in a host's logs that matches, with the log's name; null when none does. */
export function findInLogs(host: RawHost, pattern: RegExp): string | null {
  for (const [name, text] of Object.entries(host.logs)) {
    const line = text.split('\n').find((candidate) => pattern.test(candidate));
    if (line !== undefined) return `${name}: ${line.trim().slice(0, 160)}`;
  }
  return null;
}
