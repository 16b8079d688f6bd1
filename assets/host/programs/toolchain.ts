import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

/** What this program reads of a server.json. */
interface Requirements {
  readonly name: string;
  readonly requires: readonly {
    readonly command: string;
    readonly minimumVersion: string;
    readonly versionArguments?: readonly string[];
  }[];
  readonly packages: Readonly<Record<string, readonly string[]>>;
}

/**
 * Numbers of the first version-like text, one with a dot before one without: `go version go1.26.8 linux` gives [1, 26, 8].
 * Colours, as mvn prints them, are no text.
 */
export function versionIn(text: string): readonly number[] {
  const plain = stripVTControlCharacters(text);
  const found = /\d+(?:\.\d+)+/.exec(plain) ?? /\d+/.exec(plain);
  return (found?.[0] ?? '').split('.').map(Number);
}

/** Whether version `actual` is `minimum` or newer, number by number. */
export function isAtLeast(actual: readonly number[], minimum: readonly number[]): boolean {
  for (const [place, wanted] of minimum.entries()) {
    const number = actual[place] ?? 0;
    if (number !== wanted) return number > wanted;
  }
  return true;
}

/** Why a requirement is not met, or null when it is. */
function lack(requirement: Requirements['requires'][number]): string | null {
  const { command, minimumVersion, versionArguments = ['--version'] } = requirement;
  let printed: string;
  try {
    printed = execFileSync(command, versionArguments, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return absent
      ? `${command} is not installed (needs ${minimumVersion} or newer)`
      : `${command} does not run: ${String(error)}`;
  }
  const actual = versionIn(printed);
  if (isAtLeast(actual, versionIn(minimumVersion))) return null;
  return `${command} ${actual.join('.')} is too old (needs ${minimumVersion} or newer)`;
}

if (import.meta.main) {
  const [command, file = ''] = process.argv.slice(2);
  const requirements = JSON.parse(readFileSync(file, 'utf8')) as Requirements;
  if (command === 'packages') {
    for (const name of requirements.packages['dnf'] ?? []) process.stdout.write(`${name}\n`);
  } else {
    const lacks = requirements.requires.map(lack).filter((reason) => reason !== null);
    if (lacks.length > 0) {
      process.stdout.write(`${requirements.name}: ${lacks.join('; ')}\n`);
      process.exitCode = 3;
    }
  }
}
