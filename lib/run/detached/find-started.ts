import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../../config/lab-error.ts';
import { readMeasurementRecord, readRunRecord } from '../run-folder.ts';
import type { StartedMeasurement } from '../measure.ts';

/** A measurement of a run's folder whose execution has been started. */
export interface FoundMeasurement {
  readonly runId: string;
  /** `DIR/<run-id>`. */
  readonly runFolder: string;
  /** `DIR/<run-id>/raw/<measurement>`. */
  readonly folder: string;
  readonly record: StartedMeasurement;
}

/**
 * Every measurement of the runs on AWS below a folder whose execution has been started, those of the newest run first. The
 * executions of a local lab ended with it.
 */
export async function findStarted(out: string): Promise<readonly FoundMeasurement[]> {
  const found: FoundMeasurement[] = [];
  for (const runId of (await foldersIn(out)).toReversed()) {
    if (await isOnAws(join(out, runId))) found.push(...(await startedIn(out, runId)));
  }
  return found;
}

async function isOnAws(runFolder: string): Promise<boolean> {
  try {
    return (await readRunRecord(runFolder)).where === 'aws';
  } catch (error) {
    // Whatever else lies there is no run.
    if (error instanceof LabError) return false;
    throw error;
  }
}

/** The measurements of one run whose execution has been started. */
export async function startedIn(out: string, runId: string): Promise<readonly FoundMeasurement[]> {
  const runFolder = join(out, runId);
  const found: FoundMeasurement[] = [];
  for (const name of await foldersIn(join(runFolder, 'raw'))) {
    const folder = join(runFolder, 'raw', name);
    const record = await readMeasurementRecord(folder);
    const executionId = record?.executionId ?? null;
    if (record !== null && executionId !== null) {
      found.push({ runId, runFolder, folder, record: { ...record, executionId } });
    }
  }
  return found;
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}
