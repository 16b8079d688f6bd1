import { buildCommand } from '@stricli/core';
import { resolve } from 'node:path';
import type { LabContext } from '../context.ts';
import { copyServer } from '../servers/copy-server.ts';

/** Flags of `c1m new-server`. */
export interface NewServerFlags {
  readonly in: string;
}

/** A word as a shell takes it. */
const quoted = (word: string): string => (/^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** `c1m new-server`: makes a server folder that works, to be changed into one's own. */
export const newServerCommand = buildCommand<NewServerFlags, [string], LabContext>({
  docs: {
    brief: 'Create a folder with a working server to build your own on',
    fullDescription: 'Copies a small server (Node with ws) to DIR/NAME. docs/servers.md shows how to make it yours.',
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'Its name: lower-case letters, digits, hyphens', placeholder: 'name', parse: String }],
    },
    flags: {
      in: { kind: 'parsed', parse: String, default: '.', placeholder: 'DIR', brief: 'Where to create the folder' },
    },
  },
  async func(flags, name) {
    const folder = await copyServer(name, resolve(this.workingFolder, flags.in));
    this.process.stdout.write(
      [
        `${folder} is made; next:`,
        `  change it:    server.js, build, start, server.json (README.md says what is what)`,
        `  check it:     npm run c1m -- verify ${quoted(folder)}`,
        `  measure it:   npm start -- --servers ${quoted(folder)},node`,
        '',
      ].join('\n'),
    );
  },
});
