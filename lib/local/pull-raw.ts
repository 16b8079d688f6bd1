import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { existsSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../config/system/make-folder.ts';

/** Files that only ever grow: of these, what is new is appended to the copy. */
const growing = /\.(jsonl|log|out|err|tsv)$/;
const pieceBytes = 1024 * 1024;

/** A file as it was when it was last copied. */
type Copied = Pick<Stats, 'ino' | 'size' | 'mtimeMs'>;

/**
 * Copies the raw files of one host to the operator's disk again and again, each time only what has changed, so that whatever ends
 * host or operator leaves on the disk what was there a second before.
 */
export class RawPull {
  readonly #copied = new Map<string, Copied>();
  #last: Promise<void> = Promise.resolve();

  /** Brings a folder up to date; one pull at a time. A source that is not there (its host has gone) leaves what was copied. */
  pull(source: string, target: string): Promise<void> {
    this.#last = this.#last.catch(() => undefined).then(() => this.#pull(source, target));
    return this.#last;
  }

  async #pull(source: string, target: string): Promise<void> {
    const entries = await readdir(source, { withFileTypes: true }).catch(() => []);
    if (entries.length > 0) await makeFolder(target);
    for (const entry of entries) {
      if (!entry.isFile() || entry.name.endsWith('.new')) continue;
      const [from, to] = [join(source, entry.name), join(target, entry.name)];
      // A file that is about to be replaced may be gone at any moment; its successor is copied the next time.
      const now = await stat(from).catch(() => null);
      // A copy that somebody has removed is made again.
      const before = existsSync(to) ? this.#copied.get(to) : undefined;
      if (now === null || (before !== undefined && isSame(before, now))) continue;
      const isGrown = before !== undefined && before.ino === now.ino && now.size >= before.size;
      const isThere =
        isGrown && growing.test(entry.name) ? copyBytes(from, to, before.size, now.size) : replace(from, to, now.size);
      if (!(await isThere)) continue;
      this.#copied.set(to, { ino: now.ino, size: now.size, mtimeMs: now.mtimeMs });
    }
  }
}

function isSame(a: Copied, b: Copied): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs;
}

/**
 * Copies the bytes from `begin` to `end` to their place in the copy; fewer where the file has become shorter meanwhile, for which Node's
 * own copyFile would wait for ever. False when the source has gone.
 */
async function copyBytes(from: string, to: string, begin: number, end: number): Promise<boolean> {
  const source = await open(from).catch(() => null);
  if (source === null) return false;
  try {
    const target = await open(to, begin === 0 ? 'w' : 'r+');
    try {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, end - begin));
      for (let at = begin; at < end;) {
        const { bytesRead } = await source.read(piece, 0, Math.min(piece.length, end - at), at);
        if (bytesRead === 0) break;
        await target.write(piece, 0, bytesRead, at);
        at += bytesRead;
      }
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
  return true;
}

/** Copies the first `size` bytes of a file as a whole: readers see the old copy or the new one. False when the source has gone meanwhile. */
async function replace(from: string, to: string, size: number): Promise<boolean> {
  const part = `${to}.part`;
  try {
    if (!(await copyBytes(from, part, 0, size))) return false;
    await rename(part, to);
    return true;
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
