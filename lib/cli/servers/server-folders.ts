import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LabError } from '../../config/lab-error.ts';
import { listServers, readServer, ServerFolderError, type ServerFolder } from '../../config/servers.ts';
import type { ChosenServer } from '../../run/run.ts';

/** Where the servers that come with the lab lie. */
export const serversFolder = join(import.meta.dirname, '../../../assets/servers');

/**
 * What a run measures when it is not told: the servers of the 2015 article, the quickest to build first. New entries do not
 * make it longer.
 */
export const defaultServers = ['node', 'go', 'netty', 'undertow', 'spray'] as const;

/** Every server that comes with the lab, by name. Throws LabError `environment` when a server.json is broken. */
export function knownServers(): readonly ServerFolder[] {
  try {
    return listServers(serversFolder);
  } catch (error) {
    if (!(error instanceof ServerFolderError)) throw error;
    throw new LabError('environment', error.message, 'fix that file, or remove the folder', { cause: error });
  }
}

/**
 * The servers that a command line asks for, in that order; all that come with the lab when it names none. An item with a slash
 * or a dot is a server's folder, relative to `workingFolder`; any other is a name, `all`, or else a language, whose servers
 * come without those that are chosen otherwise. Throws LabError `usage`.
 */
export function chooseServers(
  known: readonly ServerFolder[],
  items: readonly string[] = ['all'],
  workingFolder: string,
): readonly ChosenServer[] {
  const single = items.map((item) =>
    /[/.]/.test(item) ? chooseFolder(known, resolve(workingFolder, item)) : findName(known, item),
  );
  const names = single.flatMap((server) => (server === undefined ? [] : [server.description.name]));
  const doubled = names.find((name, place) => names.indexOf(name) !== place);
  if (doubled !== undefined) {
    throw new LabError('usage', `two of the servers are called '${doubled}'`, 'name each one once, or rename a folder');
  }
  const chosen = new Set(names);
  return items.flatMap((item, place) => {
    const server = single[place];
    if (server !== undefined) return [server];
    const added = inLanguage(known, item).filter(({ description }) => !chosen.has(description.name));
    for (const { description } of added) chosen.add(description.name);
    return added;
  });
}

function findName(known: readonly ServerFolder[], name: string): ChosenServer | undefined {
  const found = known.find(({ description }) => description.name === name);
  return found && { description: found.description, outsideFolder: null };
}

/** The lab's servers written in this language, in upper or lower case; every one for `all`. */
function inLanguage(known: readonly ServerFolder[], word: string): readonly ChosenServer[] {
  const wanted = word.toLowerCase();
  const found = known.filter(({ description: { language } }) => ['all', language.toLowerCase()].includes(wanted));
  if (found.length > 0) return found.map(({ description }) => ({ description, outsideFolder: null }));
  const names = known.map(({ description }) => description.name);
  const languages = new Set(known.map(({ description }) => description.language));
  throw new LabError(
    'usage',
    `there is no server '${word}'`,
    `choose from ${names.join(', ')}; all; a language: ${[...languages].sort().join(', ')}; or give the path of a folder (./${word})`,
  );
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
      'docs/servers.md says what a server folder contains; c1m new-server creates one that works',
      { cause: error },
    );
  }
}
