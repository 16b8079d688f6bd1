import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeFolder } from '../../config/system/make-folder.ts';

/** A server whose folder lies outside the repository's assets; hosts show it among the others. */
export interface OutsideServer {
  /** As in its server.json; none of the names under `assets/servers`. */
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
}

/** An outside server, and the folder of this machine that it is built in. */
export interface BuildableOutsideServer extends OutsideServer {
  readonly buildFolder: string;
}

/** Says, in a build folder's `.from`, which folder it belongs to. */
const originFile = '.from';

/**
 * Gives each outside server a build folder below `buildFolder` that belongs to the path of its source, kept between runs: two
 * folders of one name must not build over each other. Those whose source has gone are removed.
 */
export async function makeOutsideBuildFolders(
  servers: readonly OutsideServer[],
  buildFolder: string,
): Promise<readonly BuildableOutsideServer[]> {
  if (servers.length === 0) return [];
  const parent = path.join(buildFolder, 'outside');
  await makeFolder(parent);
  await removeOrphans(parent);
  return Promise.all(
    servers.map(async (server) => {
      const digest = createHash('sha256').update(server.folder).digest('hex').slice(0, 12);
      const own = path.join(parent, `${server.name}-${digest}`);
      await makeFolder(path.join(own, 'build'));
      await writeFile(path.join(own, originFile), server.folder);
      return { ...server, buildFolder: path.join(own, 'build') };
    }),
  );
}

async function removeOrphans(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const folder = path.join(parent, name);
    const origin = await readFile(path.join(folder, originFile), 'utf8').catch(() => null);
    if (origin !== null && !existsSync(origin)) await rm(folder, { recursive: true, force: true });
  }
}
