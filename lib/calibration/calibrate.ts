import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../config/lab-error.ts';
import type { Watcher } from '../run/measure.ts';
import { runBenchmark } from '../run/run-benchmark.ts';
import type { ChosenServer } from '../run/run.ts';
import type { LabBackend } from '../run/lab-backend.ts';
import { lastCalibrationFile, writeCalibration, type CalibrationRecord } from './calibration-record.ts';
import { workloads, type CalibrationSize } from './cases.ts';
import { judgeCalibration } from './judge-calibration.ts';

/** A calibration that is to be made. */
export interface CalibrationPlan {
  readonly runId: string;
  /** Where raw files, `result.json` and `calibration.json` are written. */
  readonly folder: string;
  readonly size: CalibrationSize;
  /** What {@link makeReferenceFolders} has made; the backend's hosts have them too. */
  readonly servers: readonly ChosenServer[];
  readonly beganUnixMillis: number;
  readonly gitCommit: string | null;
}

/**
 * Measures the reference servers as any others and compares what the lab found with what they truth. Keeps the outcome in the run's folder
 * and as this machine's last one. Throws LabError `runFailed` when a reference server could not be measured at all.
 */
export async function calibrate(
  backend: LabBackend,
  plan: CalibrationPlan,
  watcher: Watcher,
): Promise<CalibrationRecord> {
  const { size, folder, servers, runId, beganUnixMillis, gitCommit } = plan;
  const names = servers.map(({ description }) => description.name);
  await runBenchmark(
    backend,
    {
      runId,
      folder,
      request: {
        servers: names,
        ...workloads[size],
        memoryPreset: 'small',
        tls: false,
        deflate: false,
        serverProcesses: 1,
        loadProcesses: 1,
      },
      repeats: 1,
      servers,
      schedule: names.map((name) => ({ server: name, repeat: 1, measurement: name })),
      beganUnixMillis,
      gitCommit,
      calibration: null,
    },
    watcher,
  );
  const { record, result } = await judgeCalibration(folder, size);
  await writeFile(join(folder, 'result.json'), `${JSON.stringify(result, null, 1)}\n`);
  await writeCalibration(join(folder, 'calibration.json'), record);
  const failed = result.measurements.find(({ record: { status } }) => status !== 'succeeded');
  if (failed !== undefined || record.measurements < servers.length) {
    const why = failed === undefined ? (record.notes[0] ?? '') : `${failed.server}: ${failed.record.reason ?? ''}`;
    throw new LabError('runFailed', `the calibration did not finish: ${why}`, `the raw files are in ${folder}`);
  }
  await writeCalibration(lastCalibrationFile, record);
  return record;
}
