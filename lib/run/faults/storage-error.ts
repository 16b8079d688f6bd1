import { chmod, cp, mkdtemp, stat, statfs } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { LabError } from '../../config/lab-error.ts';

/** What the system says when a folder takes no more: full, over quota, over a limit of size, read-only, not allowed any more, or broken. */
const storageFailures = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EACCES', 'EPERM', 'EIO']);

/** A place with less room than this, bytes, is none to keep a run in. */
const roomLeast = 20e6;

/** A run's folder that takes no more. What was measured is kept in another folder, or what was written before still lies there. */
export class StorageError extends LabError {
  /** Where the whole run is kept instead; null when there is no such place. */
  readonly keptIn: string | null;

  constructor(folder: string, keptIn: string | null, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const remedy = remedies[codeOf(cause)] ?? 'free space there';
    const hint =
      keptIn === null
        ? `${remedy}; what was written before is still there: c1m report ${folder} shows it`
        : `${remedy}; what was measured is kept in ${keptIn} : move it where there is room, c1m report shows it from anywhere`;
    super('environment', `the run's files cannot be written to ${folder}: ${why}`, hint, { cause });
    this.keptIn = keptIn;
  }
}

const remedies: Readonly<Record<string, string>> = {
  EFBIG: 'raise the limit of a file (ulimit -f), or the disk takes no file of that size',
  EROFS: 'mount that file system so that it can be written to',
  EACCES: 'check that this user may write there',
  EPERM: 'check that this user may write there',
};

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Whether an error says that a folder takes no more. */
export function isStorageFailure(error: unknown): boolean {
  return storageFailures.has(codeOf(error));
}

/**
 * Copies a run's folder to the first place that has room on another file system (on the same one where it is only forbidden to write):
 * the temporary folder, the user's home, the machine's memory. Gives the copy's path; null when there is no such place.
 */
export async function keepElsewhere(runFolder: string, cause: unknown): Promise<string | null> {
  const isForbidden = ['EACCES', 'EPERM'].includes(codeOf(cause));
  for (const place of [tmpdir(), homedir(), '/dev/shm']) {
    try {
      const [{ dev: own }, { dev }, { bavail, bsize }] = await Promise.all([
        stat(runFolder),
        stat(place),
        statfs(place),
      ]);
      if ((dev === own && !isForbidden) || bavail * bsize < roomLeast) continue;
      const folder = join(await mkdtemp(join(place, 'c1mlab-kept-')), basename(runFolder));
      await cp(runFolder, folder, { recursive: true, filter: (source) => !/\.(new|part)$/.test(source) });
      await chmod(folder, 0o700);
      return folder;
    } catch {
      // The next place may do.
    }
  }
  return null;
}

/** Writes a measurement's files by `write`; where its run's folder takes no more, elsewhere: then throws {@link StorageError}. */
export async function writeMeasurement(folder: string, write: (folder: string) => Promise<void>): Promise<void> {
  try {
    await write(folder);
  } catch (error) {
    if (!isStorageFailure(error)) throw error;
    const runFolder = dirname(dirname(folder));
    const keptIn = await keepElsewhere(runFolder, error);
    if (keptIn !== null) await write(join(keptIn, 'raw', basename(folder)));
    throw new StorageError(runFolder, keptIn, error);
  }
}
