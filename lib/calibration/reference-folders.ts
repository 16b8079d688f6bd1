import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { flagsOf } from '../../assets/calibration/behaviour.ts';
import { readServer, type ServerDescription } from '../config/servers.ts';
import { makeFolder } from '../config/system/make-folder.ts';
import type { ChosenServer } from '../run/run.ts';
import type { CalibrationCase } from './cases.ts';

const projectFolder = join(import.meta.dirname, '../..');
const sourceFolder = join(projectFolder, 'assets/calibration');

/** Anonymous memory of the reference server without connections: Node 24's, rounded up. */
const baseBytes = 60_000_000;

/**
 * Makes a server folder for each case below `.cache/local/calibration`, from assets/calibration and with the case's flags: the lab then
 * runs them as it runs anybody's server. They are none of the lab's own servers, so no other run sees them.
 */
export async function makeReferenceFolders(cases: readonly CalibrationCase[]): Promise<readonly ChosenServer[]> {
  return Promise.all(
    cases.map(async (one) => {
      const folder = join(projectFolder, '.cache/local/calibration', one.name);
      await copyIfChanged(folder);
      await writeIfChanged(join(folder, 'server.json'), `${JSON.stringify(describe(one), null, 1)}\n`);
      return { description: readServer(folder).description, outsideFolder: folder };
    }),
  );
}

function describe({ name, title, behaviour }: CalibrationCase): Omit<ServerDescription, 'requires'> & { requires: [] } {
  const preset = {
    flags: [...flagsOf(behaviour)],
    note: 'What the server is to do, of which the run finds out how much.',
  };
  return {
    name,
    title: `reference (${title})`,
    language: 'TypeScript',
    framework: { name: 'none', version: '1' },
    homepage: 'https://nodejs.org',
    description: 'A server with declared faults, to check the load generator with.',
    requires: [],
    packages: { dnf: [] },
    memoryPresets: { article: preset, modern: preset, small: preset },
    expected: {
      bytesPerConnection: (behaviour.bytesPerMember ?? 0) + 10_000,
      baseBytes,
      source: 'What the flags make it write to, and some kilobytes of Node for a connection.',
    },
    singleThreaded: true,
    tls: false,
    deflate: false,
    knownDeviations: [],
  };
}

/** Another calibration may be reading: what is right already stays untouched. */
async function writeIfChanged(file: string, text: string): Promise<void> {
  if ((await readFile(file, 'utf8').catch(() => null)) !== text) await writeFile(file, text);
}

/** Copies the reference server; files that are no longer its own go. */
async function copyIfChanged(folder: string): Promise<void> {
  const files = new Set(await filesBelow(sourceFolder));
  for (const file of await filesBelow(folder)) {
    if (file !== 'server.json' && !files.has(file)) await rm(join(folder, file));
  }
  for (const file of files) {
    const to = join(folder, file);
    await makeFolder(dirname(to));
    await writeIfChanged(to, await readFile(join(sourceFolder, file), 'utf8'));
    await chmod(to, 0o755);
  }
}

/** The files below a folder, by their paths from there; none for one that is missing. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
