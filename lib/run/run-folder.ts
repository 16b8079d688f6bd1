import { access, constants, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { LabError } from '../config/lab-error.ts';
import { makeFolder } from '../config/system/make-folder.ts';
import { readTextFile } from '../config/system/read-file.ts';
import { measurementRecordSchema, type MeasurementRecord } from '../results/schema/measurement-record.ts';
import { withUnit } from '../text/units.ts';
import { isStorageFailure, StorageError } from './faults/storage-error.ts';
import { runRecordSchema, type RunRecord, type RunRecordInput } from '../results/schema/run-record.ts';

/** What a run leaves at least on the operator's disk, bytes; less room than this is refused beforehand. */
const minimumRoomBytes = 20e6;

/** A run's name: when it began (UTC) and four random hex digits, such as `20261122-184500-1a2b`. */
export function newRunId(now: Date, random: () => number): string {
  const stamp = now
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z/g, '')
    .replace('T', '-');
  return `${stamp}-${Math.floor(random() * 0x10000)
    .toString(16)
    .padStart(4, '0')}`;
}

/** Makes the folder of a run; throws LabError `environment` when it cannot be written or has no room. */
export async function makeRunFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new LabError(
      'environment',
      `results cannot be written to ${folder}: ${(error as Error).message}`,
      'give another folder with --out',
      { cause: error },
    );
  }
  const most = largestFileBytes();
  if (most < minimumRoomBytes) {
    throw new LabError(
      'environment',
      `this shell limits files to ${most} bytes, and a run's files are larger`,
      'allow larger ones: ulimit -f unlimited',
    );
  }
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < minimumRoomBytes) {
    throw new LabError(
      'environment',
      `only ${withUnit('bytes', bavail * bsize)} are free at ${folder}, and a run needs ${withUnit('bytes', minimumRoomBytes)}`,
      'free space there, or give another folder with --out',
    );
  }
}

/** The limit of a file's size (ulimit -f, RLIMIT_FSIZE) of this process, which the hosts' processes inherit. */
function largestFileBytes(): number {
  const soft = /^Max file size\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return soft === undefined ? Infinity : Number(soft);
}

/** Replaces `run.json` as a whole. */
export async function writeRunRecord(folder: string, record: RunRecordInput): Promise<void> {
  await writeWhole(join(folder, 'run.json'), `${JSON.stringify(record, null, 1)}\n`);
}

/** Replaces a file as a whole, whatever is there now: a disk that is full leaves the old one. */
export async function writeWhole(file: string, text: string): Promise<void> {
  try {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  } catch (error) {
    await rm(`${file}.new`, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Reads the record of an earlier run; throws LabError `usage` when there is none. */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  const file = join(folder, 'run.json');
  let text: string;
  try {
    text = readTextFile(file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'ENOTDIR'].includes(code)) throw error;
    throw new LabError(
      'usage',
      `there is no run at ${folder}: ${file} is missing`,
      'name the folder of an earlier run',
      { cause: error },
    );
  }
  const parsed = v.safeParse(runRecordSchema, parseJson(text));
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw new LabError(
      'usage',
      `${file} is not a run record: ${v.getDotPath(issue) ?? 'it'} ${issue.message}`,
      'another version wrote it, or it was edited by hand',
    );
  }
  return parsed.output;
}

/** The record of a measurement that an earlier part of the run has made, or null. */
export async function readMeasurementRecord(folder: string): Promise<MeasurementRecord | null> {
  const file = join(folder, 'measurement.json');
  if (!existsSync(file)) return null;
  const parsed = v.safeParse(measurementRecordSchema, parseJson(readTextFile(file)));
  return parsed.success ? parsed.output : null;
}

/** The value of a JSON text; undefined when it is none, as where a power cut left half of it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Runs what writes into a run's folder; a disk that takes no more becomes a {@link StorageError}. What was written stays. */
export async function writingTo<T>(folder: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw isStorageFailure(error) ? new StorageError(folder, null, error) : error;
  }
}
