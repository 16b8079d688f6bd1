import { join } from 'node:path';
import { LabError } from '../config/lab-error.ts';
import { listServers, ServerFolderError, type ServerDescription } from '../config/servers.ts';

/** Where the servers that come with the lab lie. */
export const serversFolder = join(import.meta.dirname, '../../assets/servers');

/** Every server that comes with the lab, by name. Throws LabError `environment` when a server.json is broken. */
export function knownServers(): readonly ServerDescription[] {
  try {
    return listServers(serversFolder).map(({ description }) => description);
  } catch (error) {
    if (!(error instanceof ServerFolderError)) throw error;
    throw new LabError('environment', error.message, 'mend that file, or take the folder away', { cause: error });
  }
}

/** The servers of these names, in that order; all when no names are given. Throws LabError `usage` for an unknown one. */
export function chooseServers(
  known: readonly ServerDescription[],
  names: readonly string[] | undefined,
): readonly ServerDescription[] {
  if (names === undefined) return known;
  return names.map((name) => {
    const found = known.find((server) => server.name === name);
    if (found === undefined) {
      throw new LabError(
        'usage',
        `there is no server '${name}'`,
        `choose from ${known.map((server) => server.name).join(', ')}`,
      );
    }
    return found;
  });
}
