import { constants } from 'node:os';
import { CommandError, type Answer } from './answer.ts';
import { unitName } from './systemd-run.ts';
import type { Unit } from './unit.ts';
import type { Units } from './units.ts';

interface Options {
  readonly flags: ReadonlySet<string>;
  readonly properties: readonly string[];
  readonly states: readonly string[];
  readonly signal: NodeJS.Signals;
  readonly names: readonly string[];
}

/** A unit that was asked for; undefined where one of that name is not loaded. */
type Chosen = readonly [name: string, unit: Unit | undefined];

const verbs: Readonly<Record<string, (units: Units, options: Options) => Answer | Promise<Answer>>> = {
  'is-active': isActive,
  show,
  stop,
  kill,
  'reset-failed': resetFailed,
  'list-units': listUnits,
};

/** Asks and ends units: the part of systemctl(1) that the lab's host commands use, with the same output and exit codes. */
export async function systemctl(units: Units, words: readonly string[]): Promise<Answer> {
  const flags = new Set<string>();
  const names: string[] = [];
  const lists: Record<'properties' | 'states', string[]> = { properties: [], states: [] };
  let signal = 'TERM';
  for (const word of words) {
    const value = word.slice(word.indexOf('=') + 1);
    if (['--quiet', '--value', '--all', '--plain', '--no-legend', '--no-pager'].includes(word)) flags.add(word);
    else if (word.startsWith('--property=')) lists.properties.push(...value.split(','));
    else if (word.startsWith('--state=')) lists.states = value.split(',');
    else if (word.startsWith('--signal=')) signal = value;
    else if (word.startsWith('-')) throw usageError(`unrecognized option '${word}'`);
    else names.push(word);
  }
  const name = `SIG${signal.replace(/^SIG/, '')}`;
  if (!Object.hasOwn(constants.signals, name)) throw usageError(`--signal=${signal} is no signal`);
  const [verb = '', ...rest] = names;
  const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (run === undefined) throw usageError(verb === '' ? 'a verb is missing' : `unknown verb '${verb}'`);
  return run(units, { flags, ...lists, signal: name as NodeJS.Signals, names: rest });
}

/** The units that the arguments name: a pattern stands for the loaded ones that match, possibly none. */
function choose(units: Units, { names }: Options, byDefault?: string): readonly Chosen[] {
  const words = names.length === 0 && byDefault !== undefined ? [byDefault] : names;
  if (words.length === 0) throw usageError('too few arguments');
  return words.flatMap((word): readonly Chosen[] => {
    if (/[*?[]/.test(word)) return units.matching(word).map((unit) => [unit.settings.name, unit]);
    const name = unitName('systemctl', word);
    return [[name, units.get(name)]];
  });
}

function isActive(units: Units, options: Options): Answer {
  const chosen = choose(units, options);
  const states = chosen.map(([, unit]) => unit?.activeState ?? 'inactive');
  const code = states.includes('active') ? 0 : chosen.some(([, unit]) => unit !== undefined) ? 3 : 4;
  return { code, out: options.flags.has('--quiet') ? [] : states };
}

/** In the order in which systemctl prints them, whatever the order asked for; a unit that is not loaded reads as one that never ran. */
function propertiesOf(name: string, unit: Unit | undefined): Readonly<Record<string, string | number>> {
  return {
    MainPID: unit === undefined || unit.activeState === 'failed' ? 0 : unit.mainPid,
    Result: unit?.result ?? 'success',
    ExecMainPID: unit?.mainPid ?? 0,
    ExecMainCode: unit?.mainCode ?? 0,
    ExecMainStatus: unit?.mainStatus ?? 0,
    Id: `${name}.service`,
    LoadState: unit === undefined ? 'not-found' : 'loaded',
    ActiveState: unit?.activeState ?? 'inactive',
    SubState: unit?.subState ?? 'dead',
  };
}

function show(units: Units, options: Options): Answer {
  const chosen = choose(units, options);
  const { properties, flags } = options;
  const unknown = properties.find((name) => !Object.hasOwn(propertiesOf('', undefined), name));
  if (unknown !== undefined) throw usageError(`show: unknown property '${unknown}'`);
  const out = chosen.flatMap(([name, unit], index) => [
    ...(index === 0 ? [] : ['']),
    ...Object.entries(propertiesOf(name, unit))
      .filter(([property]) => properties.length === 0 || properties.includes(property))
      .map(([property, value]) => (flags.has('--value') ? String(value) : `${property}=${value}`)),
  ]);
  return { code: 0, out };
}

async function stop(units: Units, options: Options): Promise<Answer> {
  const chosen = choose(units, options);
  // The units end, as their TimeoutStopSec says, even if the command is gone before that.
  for (const [, unit] of chosen) unit?.stop();
  await Promise.all(chosen.flatMap(([, unit]) => (unit === undefined ? [] : [unit.ended])));
  return whereLoaded(chosen, 5, 'stop');
}

function kill(units: Units, options: Options): Answer {
  const chosen = choose(units, options).map(([name, unit]): Chosen => {
    return [name, unit?.signal(options.signal) === true ? unit : undefined];
  });
  return whereLoaded(chosen, 1, 'kill');
}

function resetFailed(units: Units, options: Options): Answer {
  const chosen = choose(units, options, '*');
  for (const [name, unit] of chosen) if (unit?.activeState === 'failed') units.forget(name);
  return whereLoaded(chosen, 1, 'reset failed state of');
}

function whereLoaded(chosen: readonly Chosen[], code: number, what: string): Answer {
  const errors = chosen
    .filter(([, unit]) => unit === undefined)
    .map(([name]) => `Failed to ${what} unit ${name}.service: Unit ${name}.service not loaded.`);
  return { code: errors.length > 0 ? code : 0, errors };
}

function listUnits(units: Units, { names, states }: Options): Answer {
  const patterns = names.length === 0 ? ['*'] : names;
  const found = new Set(patterns.flatMap((pattern) => units.matching(pattern)));
  const out = [...found]
    .filter(
      ({ activeState, subState }) => states.length === 0 || states.includes(activeState) || states.includes(subState),
    )
    .map(
      ({ settings: { name }, activeState, subState }) => `${name}.service loaded ${activeState} ${subState} ${name}`,
    );
  return { code: 0, out };
}

function usageError(what: string): CommandError {
  return new CommandError(
    `systemctl: ${what}; a local host's systemctl has only what the lab's host commands use (lib/local/host-bin)`,
  );
}
