import assert from 'node:assert/strict';
import { emptyLists, nothingDone, type GroundTruth } from '../../../assets/calibration/ground-truth/ground-truth.ts';
import type { PhaseKindName } from '../../../assets/loadgen/workload/phase-kinds.ts';
import { formatWorkload } from '../../../assets/loadgen/workload/workload.ts';
import { calibrationCases, workloads, type CalibrationSize, type CaseName } from '../../../lib/calibration/cases.ts';
import { compareCase } from '../../../lib/calibration/compare/compare-case.ts';
import type { Comparison } from '../../../lib/calibration/compare/comparison.ts';
import type { PhaseResultOf } from '../../../lib/results/phases/rooms.ts';
import type { MeasurementResult } from '../../../lib/results/schema/measurement-result.ts';
import { mergeHistograms } from '../../../lib/results/statistics/histogram.ts';
import { only, readMerged } from '../../results/read-merged.ts';
import { encoded } from '../../results/statistics/histograms.ts';
import { runFiles } from '../../results/synthetic-run.ts';

/** The workload that the tests compare. */
export const workload = workloads.small;

/** What a server did that let everybody in and nothing else. */
export const idleTruth: GroundTruth = {
  event: 'groundTruth',
  ...nothingDone(),
  ...emptyLists(),
  members: workload.connections,
  open: workload.connections,
};

/** The latency of values, microseconds. */
export const latencyOf = (values: readonly number[]) => mergeHistograms([encoded(values)]).latency;

/** A measurement of a quiet machine, whose phases have nothing in them. */
export async function quietMeasurement(): Promise<MeasurementResult> {
  const { connections } = workload;
  const measured = only(
    await readMerged(runFiles({ servers: ['node'], connections, workload: formatWorkload(workload.workload) })),
  );
  const quiet = latencyOf([50, 60, 90]);
  return {
    ...measured,
    verdict: { ...measured.verdict, walls: [], measurementFaults: [] },
    generator: {
      turn: quiet,
      lateness: quiet,
      maxTurnWhileDrivingMicros: 100,
      maxLatenessWhileDrivingMicros: 100,
    },
  };
}

/** A measurement with what was found in one of its phases. */
export function withFound<Kind extends PhaseKindName>(
  measured: MeasurementResult,
  kind: Kind,
  found: Partial<PhaseResultOf<Kind>>,
): MeasurementResult {
  return {
    ...measured,
    phases: measured.phases.map((phase) => (phase.kind === kind ? { ...phase, ...found } : phase)),
  };
}

/** Everything that is compared of a case. */
export function compared(
  name: CaseName,
  truth: GroundTruth | null,
  measured: MeasurementResult,
  restarted: GroundTruth | null = null,
  size: CalibrationSize = 'small',
): readonly Comparison[] {
  const calibrationCase = calibrationCases(size).find((one) => one.name === name);
  assert.ok(calibrationCase !== undefined);
  return compareCase({ calibrationCase, workload: workloads[size], truth, restarted, measured });
}

/** The outcomes of the figures whose names begin so. */
export function outcomesOf(rows: readonly Comparison[], prefix = ''): Readonly<Record<string, string>> {
  return Object.fromEntries(
    rows.filter(({ quantity }) => quantity.startsWith(prefix)).map((row) => [row.quantity, row.outcome]),
  );
}
