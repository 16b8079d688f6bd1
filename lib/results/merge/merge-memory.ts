import type { HostSample } from '../../../assets/host/raw.ts';
import type { RawMeasurement } from '../raw/raw-run.ts';
import type { MeasurementResult } from '../schema/measurement-result.ts';
import { greatest, sum } from '../statistics/numbers.ts';
import { kernelBytes, serverBytes, serverHost, serverUnits } from '../statistics/server-samples.ts';
import { memorySlope } from '../statistics/slope.ts';

/** Samples of each plateau, before and after the ramp, that the line is fitted to as well: they anchor its ends. */
const plateauSamples = 2;

/** The share of the peak at which the ramp counts as over: the last few connections may come late. */
const rampEndShare = 0.995;

/** Memory of a measurement, and what its charts show. */
export interface MemoryMerged {
  readonly memory: MeasurementResult['memory'];
  readonly serverSeries: readonly (readonly [connections: number, bytes: number])[];
  readonly kernelSeries: readonly (readonly [connections: number, bytes: number])[];
}

/**
 * The samples of the server host's ramp: from {@link plateauSamples} before its sockets rise until as many after they are all
 * there. Sockets and memory stand in one sample, so no two clocks are compared. Samples with fewer server processes than
 * `processes` are left out: memory of a process that is not there yet, or no more, is not the connections'.
 */
function rampSamples(samples: readonly HostSample[], processes: number): readonly HostSample[] {
  const whole = samples.filter((sample) => serverUnits(sample).length >= Math.max(1, processes));
  const sockets = whole.map((sample) => sample.sockets.tcpInUse);
  const [base] = sockets;
  const peak = greatest(sockets);
  if (base === undefined || peak === null || peak <= base) return [];
  const risen = sockets.findIndex((value) => value > base + (peak - base) * (1 - rampEndShare));
  const full = sockets.findIndex((value) => value >= base + (peak - base) * rampEndShare);
  return whole.slice(Math.max(0, risen - plateauSamples), full + 1 + plateauSamples);
}

/** Merges the memory of a measurement: the slopes over the ramp, the peaks, and the series for charts. */
export function mergeMemory(raw: RawMeasurement, hostsShareOneMachine: boolean): MemoryMerged {
  const server = serverHost(raw);
  const samples = server?.samples ?? [];
  const served = samples.filter((sample) => serverUnits(sample).length > 0);
  const ramp = rampSamples(samples, server?.serverStart?.processes.length ?? 1);
  const points = (bytes: (sample: HostSample) => number) =>
    ramp.map((sample) => [sample.sockets.tcpInUse, bytes(sample)] as const);
  const loadProcesses = raw.hosts.flatMap((host) => host.loadProcesses);
  return {
    memory: {
      server: memorySlope(points(serverBytes)),
      kernel: memorySlope(points(kernelBytes)),
      kernelHoldsBothEnds: hostsShareOneMachine,
      serverPeakBytes: greatest(served.map(serverBytes)),
      kernelPeakBytes: greatest(samples.map(kernelBytes)),
      leastAvailableBytes: samples.reduce<number | null>(
        (least, { memory }) => Math.min(least ?? Infinity, memory.availableBytes),
        null,
      ),
      loadBytes: loadProcesses.length === 0 ? null : sum(loadProcesses.map((process) => process.rssBytes)),
    },
    serverSeries: points(serverBytes),
    kernelSeries: points(kernelBytes),
  };
}
