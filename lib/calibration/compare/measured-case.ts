import type { Behaviour } from '../../../assets/calibration/behaviour.ts';
import type { GroundTruth, ReturnsTruth } from '../../../assets/calibration/ground-truth/ground-truth.ts';
import type { PhaseKindName } from '../../../assets/loadgen/workload/phase-kinds.ts';
import type { PhaseResultOf } from '../../results/phases/rooms.ts';
import type { Latency } from '../../results/schema/latency.ts';
import type { MeasurementResult } from '../../results/schema/measurement-result.ts';
import { percentileOfEncoded } from '../../results/statistics/histogram.ts';
import type { CalibrationCase, CalibrationWorkload } from '../cases.ts';
import type { Claim, Comparison } from './comparison.ts';

/** A case that was measured: what was declared, what the server says it truth, and what the lab found. */
export interface MeasuredCase {
  readonly calibrationCase: CalibrationCase;
  readonly workload: CalibrationWorkload;
  /** Null when the server left no account. */
  readonly truth: GroundTruth | null;
  /** What it did after the workload's restart; null without one. */
  readonly restarted: GroundTruth | null;
  readonly measured: MeasurementResult;
}

/** Makes a comparison of the case at hand. */
export type Row = (claim: Omit<Claim, 'case'>) => Comparison;

/** Makes comparisons of counts. */
export const exactly =
  (row: Row) =>
  (behaviour: string, quantity: string, claimed: number, measured: number, nominal: number | null = null) =>
    row({ behaviour, quantity, unit: 'count', nominal, claimed, measured });

/** The attempts to come back that were refused, by how, in a phase. */
export function refusals(
  { rejectReturnOneIn = 0, resetReturnOneIn = 0 }: Partial<Behaviour>,
  phase: string,
  { rejected, reset }: ReturnsTruth,
  failures: Readonly<Record<string, number>>,
  row: Row,
): Comparison[] {
  const exact = exactly(row);
  const about = (oneIn: number): string => (oneIn > 0 ? `1 return in ${oneIn} is refused` : 'none is refused');
  return [
    exact(about(rejectReturnOneIn), `${phase}: attempts with http503`, rejected, failures['http503'] ?? 0),
    exact(about(resetReturnOneIn), `${phase}: attempts with ECONNRESET`, reset, failures['ECONNRESET'] ?? 0),
  ];
}

/** So many of the values lie beyond a percentile that is compared: when the machine holds the lab up once, some dozens are late. */
const leastBeyond = 50;

/** Those of some percentiles, in percent, that so many values can tell. */
export function tellable(percentiles: readonly number[], values: number): readonly number[] {
  return percentiles.filter((percent) => values * (1 - percent / 100) >= leastBeyond);
}

/** A case whose server left an account. */
export interface Parts extends MeasuredCase {
  readonly truth: GroundTruth;
}

/** A percentile of a distribution that may be missing. */
export function at(latency: Latency | null, percent: number): number | null {
  return latency === null ? null : percentileOfEncoded(latency.histogram, percent);
}

/** What was measured of the calibration's one phase of a kind. Throws when there is none. */
export function phaseIn<Kind extends PhaseKindName>(measured: MeasurementResult, kind: Kind): PhaseResultOf<Kind> {
  const found = measured.phases.find((phase) => phase.kind === kind);
  if (found === undefined) throw new Error(`the calibration has no phase ${kind}`);
  return found;
}
