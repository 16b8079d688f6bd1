import { join } from 'node:path';
import { exitCodes } from '../../config/lab-error.ts';
import { renderReport } from '../../report/render-report.ts';
import { rankServers } from '../../report/rank-servers.ts';
import { renderTable } from '../../report/render-table.ts';
import { mergeRun } from '../../results/merge/merge-run.ts';
import { readRun } from '../../results/raw/read-run.ts';
import type { RunResult } from '../../results/schema/run-result.ts';
import { readRunRecord, writeWhole } from '../../run/run-folder.ts';
import { isStorageFailure, keepElsewhere, StorageError } from '../../run/faults/storage-error.ts';
import type { LabContext } from '../context.ts';
import { describeFailures } from './failure-advice.ts';

/** Which exit code a result deserves: the gravest of its measurements. */
function exitCodeOf(result: RunResult): number {
  const verdicts = result.measurements.map(({ verdict }) => verdict);
  if (result.measurements.length === 0 || verdicts.some(({ complete }) => !complete)) return exitCodes.runFailed;
  if (verdicts.some(({ valid }) => !valid)) return exitCodes.resultInvalid;
  if (verdicts.some(({ reached }) => !reached)) return exitCodes.targetNotReached;
  return exitCodes.ok;
}

/**
 * Writes `result.json` and `report.html` into a run's folder, prints the table, and gives the exit code. Table and page have the servers
 * in the order of `sort`, the name of a figure. @default - the order in which they were measured
 */
export async function publishResult(context: LabContext, folder: string, sort?: string): Promise<number> {
  await readRunRecord(folder);
  const measured = mergeRun(await readRun(folder));
  const shown = sort === undefined ? measured : rankServers(measured, sort);
  // Shown first: figures that cannot be kept are seen at least.
  context.process.stdout.write(`\n${renderTable(shown, context.columns)}`);
  context.process.stderr.write(describeFailures(measured, folder, context.workingFolder));
  await writeResult(folder, measured, shown);
  context.process.stdout.write(`\nreport: ${join(folder, 'report.html')}\n`);
  return exitCodeOf(measured);
}

/** Writes both files; where the folder takes no more, throws {@link StorageError} with the place in which they and the run are kept. */
async function writeResult(folder: string, result: RunResult, shown: RunResult): Promise<void> {
  const write = async (place: string): Promise<void> => {
    await writeWhole(join(place, 'result.json'), `${JSON.stringify(result, null, 1)}\n`);
    await writeWhole(join(place, 'report.html'), renderReport(shown));
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
