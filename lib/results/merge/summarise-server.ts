import type { Workload } from '../../../assets/loadgen/workload/phase-kinds.ts';
import { comparedFigures } from '../compared-figures.ts';
import type { MeasurementResult } from '../schema/measurement-result.ts';
import type { Repeated, ServerSummary } from '../schema/run-result.ts';
import { median } from '../statistics/numbers.ts';

/**
 * One server over its repeats: medians with the smallest and the greatest. Repeats that are invalid, incomplete or fell short are left
 * out as long as others remain; percentiles of different repeats are never averaged into one.
 */
export function summariseServer(
  server: string,
  repeats: readonly MeasurementResult[],
  workload: Workload,
  conformance: ServerSummary['conformance'] = null,
): ServerSummary {
  const whole = repeats.filter(({ verdict }) => verdict.valid && verdict.complete);
  const reached = whole.filter(({ verdict }) => verdict.reached);
  const compared = [reached, whole, repeats].find((candidates) => candidates.length > 0) ?? [];
  const figure = (of: (result: MeasurementResult) => number | null): Repeated | null =>
    repeatedOf(compared.flatMap((result) => of(result) ?? []));
  const figures = Object.fromEntries(comparedFigures(workload).map(({ name, of }) => [name, figure(of)]));
  return {
    server,
    title: repeats[0]?.title ?? server,
    measured: repeats.length,
    valid: whole.length,
    reached: repeats.filter(({ verdict }) => verdict.reached).length,
    compared: compared.map(({ measurement }) => measurement),
    figures,
    conformance,
  };
}

/** Median, smallest and greatest of the repeats; null for none. */
function repeatedOf(values: readonly number[]): Repeated | null {
  const sorted = [...values].sort((a, b) => a - b);
  const [low] = sorted;
  const high = sorted.at(-1);
  return low === undefined || high === undefined ? null : { median: median(sorted), low, high, repeats: sorted.length };
}
