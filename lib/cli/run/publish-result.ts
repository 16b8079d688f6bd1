import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodes } from '../../config/lab-error.ts';
import { renderReport } from '../../report/render-report.ts';
import { renderTable } from '../../report/render-table.ts';
import { mergeRun } from '../../results/merge/merge-run.ts';
import { readRun } from '../../results/raw/read-run.ts';
import type { RunResult } from '../../results/schema/run-result.ts';
import { readRunRecord, writingTo } from '../../run/run-folder.ts';
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
  await writingTo(folder, async () => {
    await writeFile(join(folder, 'result.json'), `${JSON.stringify(result, null, 1)}\n`);
    await writeFile(join(folder, 'report.html'), renderReport(result));
  });
  context.process.stdout.write(`\n${renderTable(result)}\n\nreport: ${join(folder, 'report.html')}\n`);
  context.process.stderr.write(describeFailures(result.measurements, folder));
  return exitCodeOf(result);
}
