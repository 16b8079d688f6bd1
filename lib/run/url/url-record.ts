import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Summary } from '../../../assets/loadgen/measure/summary.ts';
import type { Workload } from '../../../assets/loadgen/workload/phase-kinds.ts';
import { LabError } from '../../config/lab-error.ts';
import { readTextFile } from '../../config/system/read-file.ts';

/** What is asked of a server that listens elsewhere. */
export interface UrlLoad {
  readonly url: string;
  readonly connections: number;
  /** Connections opened a second. */
  readonly connectRate: number;
  readonly workload: Workload;
  /** Undefined: as many as the limit of open files asks for. */
  readonly loadProcesses?: number | undefined;
}

/** What the load generator prints with `--json`. */
export interface UrlSummary extends Summary {
  readonly url: string;
  readonly reached: boolean;
  /** Why the connections were not all opened and held, or (`reached`) what is missing; null when nothing is. */
  readonly reason: string | null;
}

/**
 * The content of `DIR/<run-id>/loadgen.json`: a server that listens elsewhere, as the load generator alone saw it. It has no
 * result.json beside it: nothing is known of the server's own memory, processor time or limits.
 */
export interface UrlRecord {
  readonly schema: 2;
  readonly runId: string;
  readonly beganUnixMillis: number;
  readonly endedUnixMillis: number;
  readonly load: UrlLoad;
  readonly gitCommit: string | null;
  /** Why the figures cannot be trusted; null when nothing speaks against them. */
  readonly invalid: string | null;
  readonly result: UrlSummary;
}

/** The name of the file in the run's folder. */
export const urlRecordFile = 'loadgen.json';

/** Reads the record of a run against a URL; null when the folder holds none. Throws LabError `usage` for one that is broken. */
export async function readUrlRecord(folder: string): Promise<UrlRecord | null> {
  const file = join(folder, urlRecordFile);
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readTextFile(file)) as UrlRecord;
  } catch (error) {
    throw new LabError(
      'usage',
      `${file} is no record of a run: ${(error as Error).message}`,
      'it was cut off or changed by hand; run again',
      { cause: error },
    );
  }
}
