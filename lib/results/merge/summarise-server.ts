import type { MeasurementResult, MemorySlope } from '../schema/measurement-result.ts';
import type { ComparedFigures, Repeated, ServerSummary } from '../schema/run-result.ts';
import { median } from './merge-broadcasts.ts';

/** The figures that servers are compared by, each from one measurement; null where it was not measured. */
export const comparedFigures: {
  readonly [name in keyof ComparedFigures]: (result: MeasurementResult) => number | null;
} = {
  peakConnections: ({ connections }) => connections.peak,
  serverBytesPerConnection: ({ memory }) => knownSlope(memory.server),
  kernelBytesPerConnection: ({ memory }) => knownSlope(memory.kernel),
  serverRampCpuSeconds: ({ cpu }) => cpu.serverRampSeconds,
  serverCpuSecondsPerBroadcast: ({ cpu }) => cpu.serverSecondsPerBroadcast,
  rampSeconds: ({ ramp }) => ramp.seconds,
  connectionsPerSecond: ({ ramp }) => ramp.connectionsPerSecond,
  broadcastP50Micros: ({ broadcastLatency }) => broadcastLatency?.p50Micros ?? null,
  broadcastP99Micros: ({ broadcastLatency }) => broadcastLatency?.p99Micros ?? null,
  broadcastMaxMicros: ({ broadcastLatency }) => broadcastLatency?.maxMicros ?? null,
  broadcastSpreadMicros: ({ broadcastSpread }) => broadcastSpread?.medianMicros ?? null,
  echoP50Micros: ({ echo }) => echo.roundTrip?.p50Micros ?? null,
  echoP99Micros: ({ echo }) => echo.roundTrip?.p99Micros ?? null,
};

/**
 * One server over its repeats: medians with the smallest and the greatest. Repeats that are invalid, incomplete or fell short are left
 * out as long as others remain; percentiles of different repeats are never averaged into one.
 */
export function summariseServer(server: string, repeats: readonly MeasurementResult[]): ServerSummary {
  const whole = repeats.filter(({ verdict }) => verdict.valid && verdict.complete);
  const reached = whole.filter(({ verdict }) => verdict.reached);
  const compared = [reached, whole, repeats].find((candidates) => candidates.length > 0) ?? [];
  const figure = (of: (result: MeasurementResult) => number | null): Repeated | null =>
    repeatedOf(compared.flatMap((result) => of(result) ?? []));
  const figures = Object.fromEntries(
    Object.entries(comparedFigures).map(([name, of]) => [name, figure(of)]),
  ) as ComparedFigures;
  return {
    server,
    title: repeats[0]?.title ?? server,
    measured: repeats.length,
    valid: whole.length,
    reached: repeats.filter(({ verdict }) => verdict.reached).length,
    compared: compared.map(({ measurement }) => measurement),
    figures,
  };
}

/** Median, smallest and greatest of the repeats; null for none. */
export function repeatedOf(values: readonly number[]): Repeated | null {
  const sorted = [...values].sort((a, b) => a - b);
  const [low] = sorted;
  const high = sorted.at(-1);
  return low === undefined || high === undefined ? null : { median: median(sorted), low, high, repeats: sorted.length };
}

/** A slope whose confidence interval includes zero tells nothing: it is left out of comparisons, and stays in its measurement. */
function knownSlope(slope: MemorySlope | null): number | null {
  return slope === null || slope.lowBytesPerConnection <= 0 ? null : slope.bytesPerConnection;
}
