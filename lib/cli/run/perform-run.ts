import { dirname, join } from 'node:path';
import { exitCodes } from '../../config/lab-error.ts';
import { oneLineOf } from '../../report/one-line.ts';
import { mergeRun } from '../../results/merge/merge-run.ts';
import { readRun } from '../../results/raw/read-run.ts';
import { startedIn } from '../../run/detached/find-started.ts';
import { runBenchmark } from '../../run/run-benchmark.ts';
import type { Run } from '../../run/run.ts';
import { readMeasurementRecord, writingTo } from '../../run/run-folder.ts';
import type { LabBackend } from '../../run/lab-backend.ts';
import { StorageError } from '../../run/faults/storage-error.ts';
import type { LabContext } from '../context.ts';
import { howToResume } from './how-to-resume.ts';
import { progressPrinter } from './progress-printer.ts';
import { publishResult } from './publish-result.ts';

/**
 * Makes the measurements of a run that are still to be made, shows how they go, and publishes the result; gives the exit code. Where
 * executions go on by themselves, the first Ctrl-C leaves the run, and says how to find it again. What ends the run early is thrown when
 * the result of what it has measured until then is published.
 */
export async function performRun(backend: LabBackend, run: Run, context: LabContext): Promise<number> {
  const { stderr } = context.process;
  const sayHowToResume = (why: string): void => {
    stderr.write(`${why}; to resume: ${howToResume(run.folder, backend.where, context.workingFolder)}\n`);
  };
  const printer = progressPrinter(context);
  let folder = run.folder;
  let failure: Error | null = null;
  try {
    const watcher = {
      onProgress: printer.onProgress,
      signal: context.interrupted,
      inOneLine: async (measurement: string) => oneLineOf(mergeRun(await readRun(run.folder, measurement))),
    };
    await writingTo(run.folder, () => runBenchmark(backend, run, watcher));
  } catch (error) {
    printer.end();
    // The network may be gone, and the execution has not noticed.
    const goesOnAlone = backend.detachable && (await hasRunning(run));
    if (goesOnAlone) stderr.write(`${goesOn(run)}\n`);
    failure = error instanceof Error ? error : new Error(String(error));
    if (failure instanceof StorageError) folder = failure.keptIn ?? folder;
    else if (goesOnAlone || !(await hasMeasured(run))) throw failure;
  } finally {
    printer.end();
    // Hosts end while the result is made; the command waits for both.
    backend.close().catch(() => undefined);
  }
  const { aborted } = context.interrupted;
  if (aborted && backend.detachable && failure === null) {
    if (await hasRunning(run)) stderr.write(`${goesOn(run)}\n`);
    else sayHowToResume('interrupted');
    return exitCodes.interrupted;
  }
  // Figures that cannot be kept where they should be are seen at least.
  const exitCode = await publishResult(context, folder).catch((error: unknown) => {
    throw failure ?? error;
  });
  if (failure !== null) {
    if (!(failure instanceof StorageError)) sayHowToResume('ended early');
    throw failure;
  }
  if (aborted) sayHowToResume('interrupted');
  return aborted ? exitCodes.interrupted : exitCode;
}

/** Whether a measurement has ended, whichever way. */
async function hasMeasured({ folder, schedule }: Run): Promise<boolean> {
  const folders = schedule.map(({ measurement }) => join(folder, 'raw', measurement));
  const records = await Promise.all(folders.map(async (each) => readMeasurementRecord(each).catch(() => null)));
  return records.some((record) => record !== null && record.status !== 'running');
}

async function hasRunning({ folder, runId }: Run): Promise<boolean> {
  return (await startedIn(dirname(folder), runId)).some(({ record }) => record.status === 'running');
}

function goesOn({ runId }: Run): string {
  return `the execution continues by itself; c1m attach ${runId} resumes watching, c1m cancel ${runId} cancels it`;
}
