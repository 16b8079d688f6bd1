import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { LabError } from '../config/lab-error.ts';
import { mergeRun } from '../results/merge/merge-run.ts';
import { readRun, UnreadableRunError } from '../results/raw/read-run.ts';
import { runResultSchema, type RunResult } from '../results/schema/run-result.ts';

/**
 * The result of a kept run: of a folder with `run.json` and `raw/`, merged anew, so that runs of different versions of the lab are
 * merged alike; of a folder with nothing but a `result.json`, or of that file, as it was kept. Throws LabError `usage` for anything else.
 */
export async function readKeptRun(path: string): Promise<RunResult> {
  if (existsSync(join(path, 'run.json')) && existsSync(join(path, 'raw'))) {
    try {
      return mergeRun(await readRun(path));
    } catch (error) {
      if (!(error instanceof UnreadableRunError)) throw error;
      throw notComparable(path, error.message, error);
    }
  }
  const file = basename(path).endsWith('.json') ? path : join(path, 'result.json');
  if (!existsSync(file)) {
    const why = existsSync(path) ? 'neither run.json with raw/ nor result.json is there' : 'no such file or folder';
    throw notComparable(path, why, null);
  }
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw notComparable(
      path,
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
  const parsed = v.safeParse(runResultSchema, content);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw notComparable(path, `${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`, null);
}

function notComparable(path: string, why: string, cause: unknown): LabError {
  return new LabError(
    'usage',
    `'${path}' contains no result to compare: ${why}`,
    'give the folder of a run (run.json and raw/), or a result.json of this version of the lab',
    cause === null ? {} : { cause },
  );
}
