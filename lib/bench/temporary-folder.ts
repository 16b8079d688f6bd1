import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = new Set<string>();
const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true });
process.on('exit', () => folders.forEach(remove));

/** Gives a body a temporary folder, which goes afterwards, also where the process ends meanwhile. */
export async function withTemporaryFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'c1m-bench-'));
  folders.add(folder);
  try {
    return await body(folder);
  } finally {
    folders.delete(folder);
    remove(folder);
  }
}
