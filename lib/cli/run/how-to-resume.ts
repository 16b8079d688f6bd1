import { dirname, basename, resolve } from 'node:path';
import { defaultOut } from '../flags/run-flags.ts';

/** The command that resumes the run in a folder, as it is typed in `workingFolder`. */
export function howToResume(folder: string, where: 'local' | 'aws', workingFolder: string): string {
  const out = dirname(folder);
  const quoted = /^[\w./@:+-]+$/.test(out) ? out : `'${out.replaceAll("'", String.raw`'\''`)}'`;
  const words = [
    'c1m run',
    ...(where === 'local' ? ['--local'] : []),
    `--resume ${basename(folder)}`,
    ...(out === resolve(workingFolder, defaultOut) ? [] : [`--out ${quoted}`]),
  ];
  return words.join(' ');
}
