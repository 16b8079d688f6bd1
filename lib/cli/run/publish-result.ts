import { join } from 'node:path';
import { exitCodes } from '../../config/lab-error.ts';
import { renderReport } from '../../report/render-report.ts';
import { renderTable } from '../../report/render-table.ts';
import { mergeRun } from '../../results/merge/merge-run.ts';
import { readRun } from '../../results/raw/read-run.ts';
import type { RunResult } from '../../results/schema/run-result.ts';
import { readRunRecord, writeWhole } from '../../run/run-folder.ts';
import { isStorageFailure, keepElsewhere, StorageError } from '../../run/faults/storage-error.ts';
import type { LabContext } from '../context.ts';
import { describeFailures } from './failure-advice.ts';

/** Which exit code a result deserves: the gravest of its measurements. */
export function exitCodeOf(result: RunResult): number {
  const verdicts = result.measurements.map(({ verdict }) => verdict);
  if (result.measurements.length === 0 || verdicts.some(({ complete }) => !complete)) return exitCodes.runFailed;
  if (verdicts.some(({ valid }) => !valid)) return exitCodes.resultInvalid;
  if (verdicts.some(({ reached }) => !reached)) return exitCodes.targetNotReached;
  return exitCodes.ok;
}

/** Writes `result.json` and `report.html` into a run's folder, prints the table, and gives the exit code. */
export async function publishResult(context: LabContext, folder: string): Promise<number> {
  await readRunRecord(folder);
  const result = mergeRun(await readRun(folder));
  // Shown first: figures that cannot be kept are seen at least.
  context.process.stdout.write(`\n${renderTable(result)}\n`);
  context.process.stderr.write(describeFailures(result, folder, context.workingFolder));
  await writeResult(folder, result);
  context.process.stdout.write(`\nreport: ${join(folder, 'report.html')}\n`);
  return exitCodeOf(result);
}

/** Writes both files; where the folder takes no more, throws {@link StorageError} with the place in which they and the run are kept. */
async function writeResult(folder: string, result: RunResult): Promise<void> {
  const write = async (place: string): Promise<void> => {
    await writeWhole(join(place, 'result.json'), `${JSON.stringify(result, null, 1)}\n`);
    await writeWhole(join(place, 'report.html'), renderReport(result));
  };
  try {
    await write(folder);
  } catch (error) {
    if (!isStorageFailure(error)) throw error;
    const keptIn = await keepElsewhere(folder, error);
    if (keptIn !== null) await write(keptIn);
    throw new StorageError(folder, keptIn, error);
  }
}
