import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { LabError } from '../../config/lab-error.ts';
import { serverSchema, type ServerDescription } from '../../config/servers.ts';
import { conformanceFile } from '../../verify/conformance/conformance-table.ts';
import { knownServers, serversFolder } from './server-folders.ts';

/** The server that new ones begin as: small, and it keeps the whole contract. */
const original = join(serversFolder, 'node');
/** What is written anew, or was made by a package manager and not by a person. */
const notCopied = new Set(['server.json', conformanceFile, 'README.md', 'node_modules']);

/**
 * Makes `parent/name`, a server folder that can be built and run as it is, and gives its path. Nothing that is there is
 * overwritten. Throws LabError `usage` for a name that is none or is taken.
 */
export async function copyServer(name: string, parent: string): Promise<string> {
  if (!v.safeParse(serverSchema.entries.name, name).success) {
    throw new LabError(
      'usage',
      `'${name}' cannot be a server's name`,
      'start with a lower-case letter, then use lower-case letters, digits and hyphens, at most 40 characters',
    );
  }
  if (knownServers().some(({ description }) => description.name === name)) {
    throw new LabError('usage', `the lab has a server '${name}' of its own`, 'choose another name');
  }
  const folder = join(parent, name);
  await makeNewFolder(folder, parent);
  for (const entry of await readdir(original)) {
    if (!notCopied.has(entry)) await cp(join(original, entry), join(folder, entry), { recursive: true });
  }
  // As it is written there, without the defaults that reading it adds.
  const { $schema: _schema, ...kept } = JSON.parse(
    await readFile(join(original, 'server.json'), 'utf8'),
  ) as ServerDescription;
  const own: ServerDescription = {
    ...kept,
    name,
    title: name,
    description: `Begun as a copy of the lab's node server: ${kept.description}`,
    expected: { ...kept.expected, source: `Those of the lab's ${kept.title}, not measured for this server.` },
  };
  await writeFile(join(folder, 'server.json'), `${JSON.stringify(own, null, 2)}\n`);
  const readme = await readFile(join(import.meta.dirname, 'new-server-readme.md'), 'utf8');
  await writeFile(join(folder, 'README.md'), readme.replace('# NAME', `# ${name}`));
  return folder;
}

/** Makes a folder that was not there; what is there in its stead is left alone. */
async function makeNewFolder(folder: string, parent: string): Promise<void> {
  const above = await stat(parent).catch(() => null);
  if (above === null || !above.isDirectory()) {
    throw new LabError('usage', `there is no folder ${parent}`, 'create it first, or give another with --in');
  }
  try {
    await mkdir(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new LabError('usage', `${folder} already exists and is not overwritten`, 'choose another name or --in');
    }
    throw new LabError(
      'environment',
      `${folder} cannot be created: ${message}`,
      'give a folder that you may write to',
      {
        cause: error,
      },
    );
  }
}
