import type { RawMeasurement } from '../raw/raw-run.ts';
import type { MeasurementResult } from '../schema/measurement-result.ts';
import { greatest, sum, type Window } from '../statistics/numbers.ts';
import { processorTime, samplerShare, usedWithin, type ProcessorTime } from '../statistics/processor-time.ts';

/** Processor time of server and load generator, as a whole and in the ramp. `serverTime` is the server's own over time. */
export function mergeProcessor(
  raw: RawMeasurement,
  offsets: ReadonlyMap<string, number>,
  ramp: Window | null,
  serverTime: ProcessorTime,
): MeasurementResult['cpu'] {
  const loadRamp = raw.hosts.flatMap((host) => {
    const time = processorTime(host, 'c1m-loadgen', offsets.get(host.host) ?? 0);
    // A generator that began after the sample before the ramp has used nothing then.
    const fromNothing: ProcessorTime = [[-Infinity, 0], ...time];
    return ramp === null || time.length === 0 ? [] : (usedWithin(fromNothing, ramp) ?? []);
  });
  const loadProcesses = raw.hosts.flatMap((host) => host.loadProcesses);
  return {
    serverRampSeconds: ramp === null ? null : usedWithin(serverTime, ramp),
    serverTotalSeconds: serverTime.at(-1)?.[1] ?? null,
    loadRampSeconds: loadRamp.length === 0 ? null : sum(loadRamp),
    loadTotalSeconds:
      loadProcesses.length === 0
        ? null
        : sum(loadProcesses.map(({ cpuSeconds }) => cpuSeconds.user + cpuSeconds.system)),
    samplerShare: greatest(raw.hosts.flatMap((host) => samplerShare(host) ?? [])),
  };
}
