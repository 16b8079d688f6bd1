import { randomUUID } from 'node:crypto';
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, type Answer } from './answer.ts';
import type { Units } from './units.ts';

/** What a unit is to be. Times are milliseconds. */
export interface UnitSettings {
  /** Without its ending. */
  readonly name: string;
  readonly executable: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** A number or `infinity`; empty: as many as the hard limit allows. */
  readonly openFiles: string;
  /** Empty: as its starter's. */
  readonly oomScore: string;
  readonly isBatch: boolean;
  readonly runtimeMillis: number;
  readonly stopMillis: number;
  /** A file to append to; null: the unit's journal, and for standard error wherever standard output goes. */
  readonly standardOutput: string | null;
  readonly standardError: string | null;
  /** Unloaded also when it has failed. */
  readonly collect: boolean;
}

type Writable = { -readonly [Key in keyof UnitSettings]: UnitSettings[Key] };

const number = /^(\d+|infinity)$/;

/** The properties that the lab's host commands use: what their values look like, and what they set. */
const properties: Readonly<Record<string, readonly [RegExp, (settings: Writable, value: string) => void]>> = {
  LimitNOFILE: [number, (settings, value) => (settings.openFiles = value)],
  // Accepted and not enforced: a unit has no control group here.
  TasksMax: [number, () => {}],
  OOMScoreAdjust: [/^-?\d+$/, (settings, value) => (settings.oomScore = value)],
  CPUSchedulingPolicy: [/^(other|batch)$/, (settings, value) => (settings.isBatch = value === 'batch')],
  RuntimeMaxSec: [/^(\d+(s|min)?|infinity)$/, (settings, value) => (settings.runtimeMillis = millisOf(value))],
  TimeoutStopSec: [/^(\d+(s|min)?|infinity)$/, (settings, value) => (settings.stopMillis = millisOf(value))],
  StandardOutput: [/^append:\//, (settings, value) => (settings.standardOutput = value.slice('append:'.length))],
  StandardError: [/^append:\//, (settings, value) => (settings.standardError = value.slice('append:'.length))],
};

/** Starts a command as a unit: the part of systemd-run(1) that the lab's host commands use, with the same words and exit codes. */
export async function systemdRun(units: Units, words: readonly string[]): Promise<Answer> {
  const invocation = randomUUID().replaceAll('-', '');
  const settings: Writable = {
    name: `run-${invocation.slice(0, 16)}`,
    executable: '',
    arguments: [],
    environment: { ...ownEnvironment(), INVOCATION_ID: invocation },
    workingDirectory: '/',
    openFiles: '',
    oomScore: '',
    isBatch: false,
    runtimeMillis: Number.POSITIVE_INFINITY,
    stopMillis: 90_000,
    standardOutput: null,
    standardError: null,
    collect: false,
  };
  let quiet = false;
  let at = 0;
  for (; words[at]?.startsWith('-') === true; at += 1) {
    const word = words[at] ?? '';
    const value = word.slice(word.indexOf('=') + 1);
    if (word === '--') {
      at += 1;
      break;
    } else if (word.startsWith('--unit=')) settings.name = unitName('systemd-run', value);
    else if (word === '--collect') settings.collect = true;
    else if (word === '--quiet') quiet = true;
    else if (word.startsWith('--property=')) setProperty(settings, value);
    else if (/^--setenv=[^=]+=/.test(word)) {
      settings.environment = {
        ...settings.environment,
        [value.slice(0, value.indexOf('='))]: value.slice(value.indexOf('=') + 1),
      };
    } else if (word.startsWith('--working-directory=')) settings.workingDirectory = value;
    else throw usageError(`unrecognized option '${word}'`);
  }
  const [command, ...rest] = words.slice(at);
  if (command === undefined) throw usageError('Command line to execute required.');
  settings.executable = findExecutable(command, settings.environment['PATH'] ?? '');
  settings.arguments = rest;
  const { name } = settings;
  const refused = `Failed to start transient service unit: Unit ${name}.service was already loaded or has a fragment file.`;
  if (units.get(name) !== undefined) throw new CommandError(refused);
  if ((await units.start(settings)) === null) {
    throw new CommandError(`Failed to start transient service unit: ${name}.service did not start`);
  }
  return { code: 0, errors: quiet ? [] : [`Running as unit: ${name}.service; invocation ID: ${invocation}`] };
}

function setProperty(settings: Writable, assignment: string): void {
  const [name = '', ...rest] = assignment.split('=');
  const value = rest.join('=');
  const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (property === undefined || rest.length === 0) throw usageError(`unknown assignment: ${assignment}`);
  const [pattern, set] = property;
  if (!pattern.test(value)) throw usageError(`${name}=${value} is not supported`);
  set(settings, value);
}

function millisOf(span: string): number {
  if (span === 'infinity') return Number.POSITIVE_INFINITY;
  return Number.parseInt(span, 10) * (span.endsWith('min') ? 60_000 : 1000);
}

/** What every unit finds in its environment: the host's, without what a shell has left in it. */
function ownEnvironment(): Readonly<Record<string, string>> {
  const { _: _last, SHLVL: _level, PWD: _folder, OLDPWD: _before, NODE_COMPILE_CACHE: _cache, ...rest } = process.env;
  return rest as Readonly<Record<string, string>>;
}

function findExecutable(command: string, path: string): string {
  const candidates = command.includes('/') ? [command] : path.split(':').map((folder) => join(folder, command));
  const found = candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
  if (found !== undefined) return found;
  throw new CommandError(`Failed to find executable ${command}: No such file or directory`);
}

/** A unit's name without its ending. Throws CommandError for what is none. */
export function unitName(program: string, word: string): string {
  const name = word.replace(/\.service$/, '');
  if (/^[A-Za-z0-9:_@-][A-Za-z0-9:_.@-]*$/.test(name)) return name;
  throw new CommandError(`${program}: '${word}' is not the name of a service`);
}

function usageError(what: string): CommandError {
  return new CommandError(
    `systemd-run: ${what}; a local host's systemd-run has only what the lab's host commands use (lib/local/host-bin)`,
  );
}
