import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LabError } from '../../config/lab-error.ts';
import { listServers, readServer, ServerFolderError, type ServerFolder } from '../../config/servers.ts';
import type { ChosenServer } from '../../run/run.ts';

/** Where the servers that come with the lab lie. */
export const serversFolder = join(import.meta.dirname, '../../../assets/servers');

/** Every server that comes with the lab, by name. Throws LabError `environment` when a server.json is broken. */
export function knownServers(): readonly ServerFolder[] {
  try {
    return listServers(serversFolder);
  } catch (error) {
    if (!(error instanceof ServerFolderError)) throw error;
    throw new LabError('environment', error.message, 'mend that file, or take the folder away', { cause: error });
  }
}

/**
 * The servers that a command line asks for, in that order; all that come with the lab when it names none. An item with a slash
 * or a dot is a server's folder, relative to `workingFolder`; any other is a name. Throws LabError `usage`.
 */
export function chooseServers(
  known: readonly ServerFolder[],
  items: readonly string[] | undefined,
  workingFolder: string,
): readonly ChosenServer[] {
  if (items === undefined) return known.map(({ description }) => ({ description, outsideFolder: null }));
  const chosen = items.map((item) =>
    /[/.]/.test(item) ? chooseFolder(known, resolve(workingFolder, item)) : chooseName(known, item),
  );
  const names = chosen.map(({ description }) => description.name);
  const doubled = names.find((name, place) => names.indexOf(name) !== place);
  if (doubled !== undefined) {
    throw new LabError('usage', `two of the servers are called '${doubled}'`, 'name each one once, or rename a folder');
  }
  return chosen;
}

function chooseName(known: readonly ServerFolder[], name: string): ChosenServer {
  const found = known.find(({ description }) => description.name === name);
  if (found === undefined) {
    throw new LabError(
      'usage',
      `there is no server '${name}'`,
      `choose from ${known.map(({ description }) => description.name).join(', ')}, or give the path of a folder (./${name})`,
    );
  }
  return { description: found.description, outsideFolder: null };
}

function chooseFolder(known: readonly ServerFolder[], folder: string): ChosenServer {
  const { description } = readFolder(folder);
  const own = known.find((server) => server.description.name === description.name);
  if (own === undefined) return { description, outsideFolder: folder };
  if (realpathSync(own.folder) === realpathSync(folder)) return { description: own.description, outsideFolder: null };
  throw new LabError(
    'usage',
    `${folder}: the lab has a server '${description.name}' of its own`,
    'rename the folder, and the name in its server.json',
  );
}

function readFolder(folder: string): ServerFolder {
  try {
    return readServer(folder);
  } catch (error) {
    if (!(error instanceof ServerFolderError)) throw error;
    throw new LabError(
      'usage',
      error.message.replaceAll(/\s*\n\s*/g, ' '),
      'docs/servers.md tells what a server folder holds; c1m new-server makes one that works',
      { cause: error },
    );
  }
}
