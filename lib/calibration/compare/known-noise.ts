import type { GroundTruth } from '../../../assets/calibration/ground-truth/ground-truth.ts';
import type { Latency } from '../../results/schema/latency.ts';
import type { MeasurementResult } from '../../results/schema/measurement-result.ts';
import { percentileOf } from './comparison.ts';

/** What is known to have kept server and generator from their work during a measurement, as sentences. */
export function spoiltBy({ verdict }: MeasurementResult): readonly string[] {
  const { walls, measurementFaults } = verdict;
  return [
    ...walls.filter(({ effect, wall }) => effect === 'invalidates' || wall === 'machineCpu'),
    ...measurementFaults.filter(({ effect, fault }) => effect === 'invalidates' || fault === 'stolenProcessors'),
  ].map(({ evidence }) => evidence);
}

/**
 * What scheduling is known to have added to times at a percentile: how late server and generator were with what they had timed, and the
 * generator's loop iterations. Where the verdict says that the machine kept them from their work, the greatest of these.
 */
export function noiseAt(truth: GroundTruth, measured: MeasurementResult, percent: number): number {
  const {
    turn: iteration,
    lateness: delay,
    maxLatenessWhileDrivingMicros,
    maxTurnWhileDrivingMicros,
  } = measured.generator;
  if (spoiltBy(measured).length > 0) {
    const server = truth.lateMicros.reduce((most, late) => Math.max(most, late), 0);
    return (maxLatenessWhileDrivingMicros ?? 0) + (maxTurnWhileDrivingMicros ?? 0) + server;
  }
  const own = (latency: Latency | null): number =>
    latency === null ? 0 : percent >= 99 ? latency.p99Micros : percent >= 90 ? latency.p90Micros : latency.p50Micros;
  // A round trip waits for the generator twice, to send and to see the answer, and for the server once.
  return own(iteration) + 2 * own(delay) + (percentileOf(truth.lateMicros, percent) ?? 0);
}
