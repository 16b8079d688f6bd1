import { existsSync, readdirSync, statSync, type Stats } from 'node:fs';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { readTextFile } from './system/read-file.ts';

const sentence = v.pipe(v.string(), v.minLength(1), v.maxLength(400));
const word = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/));
const wholeNumber = v.pipe(v.number(), v.integer(), v.minValue(0));
const flags = v.array(v.pipe(v.string(), v.regex(/^[A-Za-z0-9][^\s]*$|^-[^\s]+$/), v.maxLength(200)));

const memoryPreset = v.pipe(
  v.strictObject({
    flags: v.pipe(
      flags,
      v.description(
        'Flags for the runtime, one an entry, without spaces; they reach `start` in C1M_FLAGS, joined by spaces.',
      ),
    ),
    tlsFlags: v.optional(v.pipe(flags, v.description('Flags that come after these over TLS, such as a larger heap.'))),
    note: v.pipe(sentence, v.description('Where the flags come from, and what they are for.')),
  }),
  v.description('The flags of one memory preset.'),
);

/** The schema of `assets/servers/<name>/server.json`; `assets/servers/server.schema.json` is made of it. */
export const serverSchema = v.strictObject({
  $schema: v.optional(v.pipe(v.string(), v.description('Path of server.schema.json, for editors.'))),
  name: v.pipe(
    v.string(),
    v.regex(/^[a-z][a-z0-9-]{0,39}$/),
    v.description("The server's name: the name of its folder. Lower-case letters, digits and hyphens."),
  ),
  title: v.pipe(v.string(), v.minLength(1), v.maxLength(60), v.description('The name in tables and charts.')),
  language: v.pipe(v.string(), v.minLength(1), v.maxLength(40)),
  framework: v.strictObject({
    name: v.pipe(v.string(), v.minLength(1), v.maxLength(60)),
    version: v.pipe(word, v.description('The exact version that `build` installs.')),
  }),
  homepage: v.pipe(v.string(), v.regex(/^https?:\/\/\S+$/), v.description('Where the framework is documented.')),
  description: v.pipe(sentence, v.description('One sentence: what this server is.')),
  role: v.optional(
    v.pipe(
      v.picklist(['floor']),
      v.description('`floor`: not a contestant but the baseline that others are compared with.'),
    ),
  ),
  singleThreaded: v.pipe(
    v.optional(v.boolean(), false),
    v.description('Whether one thread serves all connections of a process; others may use every processor.'),
  ),
  requires: v.pipe(
    v.array(
      v.strictObject({
        command: v.pipe(word, v.description('Must be on the PATH.')),
        minimumVersion: v.pipe(
          v.string(),
          v.regex(/^\d+(\.\d+){0,3}$/),
          v.description('The lowest version that does, as numbers with dots.'),
        ),
        versionArguments: v.pipe(
          v.optional(v.array(v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]+$/))), ['--version']),
          v.description(
            'What makes the command print its version; its first number with a dot (or first number) counts.',
          ),
        ),
      }),
    ),
    v.description('The toolchain that is needed to build and to run.'),
  ),
  packages: v.pipe(
    v.strictObject({
      dnf: v.pipe(v.array(word), v.description("Amazon Linux 2023's packages that bring the toolchain.")),
    }),
    v.description('What a bare host installs before it builds.'),
  ),
  tls: v.pipe(
    v.optional(v.boolean(), false),
    v.description('Whether it serves TLS with the certificate and key that C1M_TLS_CERT and C1M_TLS_KEY name.'),
  ),
  deflate: v.pipe(
    v.optional(v.boolean(), false),
    v.description('Whether it accepts permessage-deflate without context takeover where C1M_DEFLATE is 1.'),
  ),
  memoryPresets: v.pipe(
    v.strictObject({ article: memoryPreset, modern: memoryPreset, small: memoryPreset }),
    v.description(
      "`article`: the article's flags where they still exist. `modern`, the default: this year's good practice. `small`: for many processes of at most 19 000 connections on one machine.",
    ),
  ),
  expected: v.pipe(
    v.strictObject({
      bytesPerConnection: v.pipe(wholeNumber, v.description("The server's own memory, without the kernel's.")),
      tlsBytesPerConnection: v.optional(
        v.pipe(wholeNumber, v.description('What TLS adds to it; 40 000 when it is left out.')),
      ),
      deflateBytesPerConnection: v.optional(
        v.pipe(wholeNumber, v.description('What compression adds to it; 300 000 when it is left out.')),
      ),
      baseBytes: v.pipe(wholeNumber, v.description('Memory of the process without connections.')),
      source: v.pipe(sentence, v.description('How and when these were measured.')),
    }),
    v.description('For planning only: does a run fit into the memory that there is? Results never use it.'),
  ),
  singleProcessConnections: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.description('The most connections that one process can hold, whatever the limits of the host.'),
    ),
  ),
  startSeconds: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.maxValue(540),
      v.description('How long all processes may take until they listen; 180 when it is left out.'),
    ),
  ),
  knownDeviations: v.pipe(
    v.optional(
      v.array(
        v.strictObject({
          case: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/), v.description("The promise's name.")),
          sometimes: v.optional(
            v.pipe(v.boolean(), v.description('Whether it depends on timing, so that the promise is kept at times.')),
          ),
          why: v.pipe(sentence, v.description('Why the framework cannot keep it by its own means; shown in reports.')),
        }),
      ),
      [],
    ),
    v.description(
      'Promises (docs/contracts.md, "A server") that this server breaks, as `c1m verify` names them. One that is listed and kept is an error too, unless it is `sometimes` broken.',
    ),
  ),
});

/** What a server says of itself: the content of its `server.json`, with defaults filled in. */
export type ServerDescription = v.InferOutput<typeof serverSchema>;

/** The names of the memory presets, the default one first. */
export const memoryPresetNames = ['modern', 'article', 'small'] as const;

/** A name in {@link memoryPresetNames}. */
export type MemoryPresetName = (typeof memoryPresetNames)[number];

/** A server's folder and what its `server.json` says. */
export interface ServerFolder {
  readonly folder: string;
  readonly description: ServerDescription;
}

/** A server folder that breaks its contract; the message names the file, what is wrong in it, and the value received. */
export class ServerFolderError extends Error {
  override readonly name = 'ServerFolderError';
}

/**
 * Reads the server in `folder`. Throws {@link ServerFolderError} when there is no such folder, when server.json is missing, is no
 * JSON or breaks the schema, when its name is not the folder's, or when `build` or `start` is missing or not executable.
 */
export function readServer(folder: string): ServerFolder {
  if (!existsSync(folder)) throw new ServerFolderError(`there is no folder ${folder}`);
  const file = join(folder, 'server.json');
  const parsed = v.safeParse(serverSchema, parseJson(file));
  if (!parsed.success) {
    throw new ServerFolderError(`${file}: ${parsed.issues.map(describeIssue).join('; ')}`);
  }
  const description = parsed.output;
  if (description.name !== basename(folder)) {
    throw new ServerFolderError(
      `${file}: name must be the folder's name '${basename(folder)}', got '${description.name}'`,
    );
  }
  for (const script of ['build', 'start']) {
    const path = join(folder, script);
    const status = statusOf(path);
    if (status === undefined) {
      throw new ServerFolderError(`${path}: missing; a server folder holds server.json, build and start`);
    }
    if (!status.isFile()) throw new ServerFolderError(`${path}: no file; it is run as a program`);
    if ((status.mode & 0o111) === 0) {
      throw new ServerFolderError(`${path}: not executable; run chmod +x on it`);
    }
  }
  return { folder, description };
}

/** Reads every server under `root` (each folder that holds a server.json), sorted by name. Throws as {@link readServer}. */
export function listServers(root: string): readonly ServerFolder[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'server.json')))
    .map((entry) => readServer(join(root, entry.name)))
    .sort((a, b) => (a.description.name < b.description.name ? -1 : 1));
}

/** What a script is, its links followed; undefined when it is not there. */
function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw new ServerFolderError(`${path}: cannot be used (${(error as Error).message})`, { cause: error });
  }
}

function parseJson(file: string): unknown {
  let text: string;
  try {
    text = readTextFile(file);
  } catch (error) {
    throw new ServerFolderError(`${file}: cannot be read (${(error as Error).message})`, {
      cause: error,
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ServerFolderError(`${file}: not valid JSON: ${String(error)}`, { cause: error });
  }
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  return `${path ?? 'the file'}: ${issue.message}`;
}
