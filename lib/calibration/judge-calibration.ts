import { join } from 'node:path';
import { mergeRun } from '../results/merge/merge-run.ts';
import { readRun } from '../results/raw/read-run.ts';
import type { MeasurementResult } from '../results/schema/measurement-result.ts';
import type { Calibration } from '../results/schema/run-record.ts';
import type { RunResult } from '../results/schema/run-result.ts';
import { findShortfalls } from '../results/verdict/unanswered.ts';
import { calibrationCases, workloads, type CalibrationSize } from './cases.ts';
import type { CalibrationRecord } from './calibration-record.ts';
import { compareCase } from './compare/compare-case.ts';
import type { Comparison } from './compare/comparison.ts';
import { spoiltBy } from './compare/known-noise.ts';
import { readGroundTruth } from './read-ground-truth.ts';

/**
 * Compares what the reference servers of a run did with what the lab makes of the run's raw files. Reads the run's folder alone, so it can
 * be made again at any time.
 */
export async function judgeCalibration(
  folder: string,
  size: CalibrationSize,
): Promise<{ readonly record: CalibrationRecord; readonly result: RunResult }> {
  const result = mergeRun(await readRun(folder));
  const comparisons: Comparison[] = [];
  const notes: string[] = [];
  for (const calibrationCase of calibrationCases(size)) {
    const measured = result.measurements.find(({ server }) => server === calibrationCase.name);
    if (measured === undefined) {
      notes.push(`${calibrationCase.name} was not measured`);
      continue;
    }
    const server = await readGroundTruth(join(folder, 'raw', measured.measurement));
    comparisons.push(...compareCase({ calibrationCase, workload: workloads[size], ...server, measured }));
    notes.push(
      ...[...spoiltBy(measured), ...unexplained(measured, result)].map((note) => `${calibrationCase.name}: ${note}`),
    );
  }
  const [machine] = result.hosts;
  const outcome = outcomeOf(comparisons, result);
  const micros = comparisons.filter(({ unit }) => unit === 'micros').map(({ error }) => Math.abs(error ?? 0));
  // In percent only where 1 % is what may be off: of small times a millisecond is many percent, and no error.
  const percents = comparisons
    .filter(({ tolerance, claimed }) => tolerance < 0.0101 * Math.abs(claimed ?? 0))
    .map(({ errorPercent }) => Math.abs(errorPercent ?? 0));
  return {
    result,
    record: {
      schema: 1,
      unixMillis: result.endedUnixMillis ?? result.beganUnixMillis,
      outcome,
      size,
      passed: outcome === 'passed',
      worstErrorPercent: Math.max(0, ...percents),
      worstErrorMicros: Math.max(0, ...micros),
      summary: summaryOf(outcome, comparisons, notes),
      gitCommit: result.gitCommit,
      machine: machine === undefined ? 'unknown' : `${machine.cpus} x ${machine.cpuModel}, Linux ${machine.kernel}`,
      comparisons,
      notes,
      measurements: result.measurements.length,
    },
  };
}

function outcomeOf(comparisons: readonly Comparison[], result: RunResult): Calibration['outcome'] {
  const has = (outcome: Comparison['outcome']): boolean => comparisons.some((one) => one.outcome === outcome);
  if (has('fail')) return 'failed';
  const whole =
    result.measurements.length === result.parameters.servers.length &&
    result.measurements.every((measured) => unexplained(measured, result).length === 0);
  return has('busy') || !whole || comparisons.length === 0 ? 'invalid' : 'passed';
}

/** What a measurement lacks beside echoes that the server dropped and connections that it ended: how many those are is compared exactly. */
function unexplained(measured: MeasurementResult, { parameters }: RunResult): readonly string[] {
  const compared = findShortfalls(measured, parameters.workload);
  return measured.missing.filter((what) => !compared.includes(what));
}

function summaryOf(
  outcome: Calibration['outcome'],
  comparisons: readonly Comparison[],
  notes: readonly string[],
): string {
  const named = (of: Comparison['outcome']): string => {
    const found = comparisons.filter((one) => one.outcome === of);
    const [first] = found;
    const more = found.length > 1 ? ` and ${found.length - 1} more` : '';
    return first === undefined ? '' : `${first.quantity} of ${first.case}${more}`;
  };
  switch (outcome) {
    case 'passed':
      return `All ${comparisons.length} figures agree with what the reference servers did.`;
    case 'failed':
      return `Wrong: ${named('fail')}, of ${comparisons.length} figures.`;
    case 'invalid':
      return comparisons.some((one) => one.outcome === 'busy')
        ? `The machine was too busy to tell: ${named('busy')}, of ${comparisons.length} figures.`
        : `Incomplete: ${notes[0] ?? 'nothing was compared'}.`;
    default:
      return outcome satisfies never;
  }
}
