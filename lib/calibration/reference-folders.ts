import { chmod, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { flagsOf } from '../../assets/calibration/behaviour.ts';
import { readServer, type ServerDescription } from '../config/servers.ts';
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
      await mkdir(folder, { recursive: true });
      for (const name of await readdir(sourceFolder)) await copyIfChanged(join(sourceFolder, name), join(folder, name));
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
    tls: false,
    knownDeviations: [],
  };
}

/** Another calibration may be reading: what is right already stays untouched. */
async function writeIfChanged(file: string, text: string): Promise<void> {
  if ((await readFile(file, 'utf8').catch(() => null)) !== text) await writeFile(file, text);
}

async function copyIfChanged(from: string, to: string): Promise<void> {
  const before = await readFile(to, 'utf8').catch(() => null);
  if (before !== (await readFile(from, 'utf8'))) {
    await cp(from, to);
    await chmod(to, 0o755);
  }
}
