import { existsSync, readFileSync, statSync } from 'node:fs';
import { takes } from './field-values.ts';
import { fieldsOf, isPhaseKind, phaseKindNames, type Phase, type PhaseKindName, type Workload } from './phase-kinds.ts';
import { formatPhase, longestText, noPhases, parseText, withDefaults } from './parse-text.ts';
import { isWorkloadPreset, presetWorkload, workloadPresetNames } from './presets.ts';
import { WorkloadError } from './workload-error.ts';

/** A workload file is no longer than this, bytes. */
const longestFile = 65_536;
/** The numbers of broadcasts have seven digits at most. */
const mostBroadcasts = 1e6;

/**
 * The text form of a workload, in one way only; it parses to the same again. Throws {@link WorkloadError} when it is longer than
 * an Automation parameter may be.
 */
export function formatWorkload(workload: Workload): string {
  const text = workload.length === 0 ? noPhases : workload.map(formatPhase).join(', ');
  if (text.length <= longestText) return text;
  throw new WorkloadError(
    `the workload is ${text.length} characters long as text, and a parameter of the Benchmark document holds ${longestText}`,
    'leave phases out, or measure in two runs',
  );
}

/** Reads what `--workload` was given: the name of a preset, a file (text or JSON), or the text form. Throws {@link WorkloadError}. */
export function readWorkload(given: string, folder: string = process.cwd()): Workload {
  const file = `${given.startsWith('/') ? '' : `${folder}/`}${given}`;
  const isFile = !isText(given) && given.length < 1024 && existsSync(file) && statSync(file).isFile();
  return isFile ? readFile(given, file) : parseWorkload(given);
}

/** Reads the name of a preset, or the text form: what a host is given, which has no file. Throws {@link WorkloadError}. */
export function parseWorkload(given: string): Workload {
  const word = given.trim();
  if (isWorkloadPreset(word)) return presetWorkload(word);
  const shown = given.length > 80 ? `${given.slice(0, 80)}…` : given;
  if (/^[[{]/.test(word)) {
    throw new WorkloadError(
      `'${shown}' is JSON, and a workload in JSON is read from a file`,
      'write it into a file and give its path, such as ./mine.json',
    );
  }
  if (!isText(given)) {
    throw new WorkloadError(
      `'${shown}' is not a workload: not a preset, not a file, and it does not begin with a phase`,
      `give ${workloadPresetNames.join(', ')}, a file, or phases (${phaseKindNames.join(', ')}) such as 'echo rate=100/s for=10s, broadcast times=3'`,
    );
  }
  return checkWhole(parseText(given));
}

/** Whether something is meant as the text form: it begins with the name of a phase. */
function isText(given: string): boolean {
  const [word = ''] = given.trim().split(/[\s,|]/);
  return isPhaseKind(word) || word === noPhases || /[,|=]/.test(given);
}

function readFile(given: string, file: string): Workload {
  if (statSync(file).size > longestFile) {
    throw new WorkloadError(`${given} is no workload: it has more than ${longestFile} bytes`, 'give a file of phases');
  }
  const content = readFileSync(file, 'utf8').trim();
  if (content === '')
    throw new WorkloadError(`${given} is empty`, 'write phases into it, such as echo rate=100/s for=10s');
  // A phase a line, with or without commas.
  if (!/^[[{]/.test(content)) return parseWorkload(content.split(/\s*[,|]?\s*\n\s*/).join(', '));
  let data: unknown;
  try {
    data = JSON.parse(content);
  } catch (error) {
    throw new WorkloadError(`${given} is no JSON: ${(error as Error).message}`, 'fix that file');
  }
  return workloadOfJson(data);
}

/** Reads the JSON form: a list of phases, or an object that holds one as `phases`. Throws {@link WorkloadError}. */
export function workloadOfJson(data: unknown): Workload {
  const list: unknown = isObject(data) ? data['phases'] : data;
  if (!Array.isArray(list)) {
    throw new WorkloadError('the workload has no list of phases', 'write {"phases": [{"kind": "echo"}, …]}');
  }
  return checkWhole(list.map(phaseOfJson));
}

function phaseOfJson(item: unknown, place: number): Phase {
  const kind = isObject(item) ? item['kind'] : undefined;
  if (!isObject(item) || typeof kind !== 'string' || !isPhaseKind(kind)) {
    throw new WorkloadError(
      `phase ${place + 1} of the workload has the kind ${JSON.stringify(kind) ?? 'of nothing'}`,
      `the kinds are ${phaseKindNames.join(', ')}`,
    );
  }
  const given: Record<string, number | string> = {};
  for (const [key, value] of Object.entries(item)) {
    if (key === 'kind') continue;
    check(kind, place, key, value);
    given[key] = value;
  }
  return withDefaults(kind, given);
}

/** Throws what is wrong with a field and its value in JSON, and what would do there. */
function check(kind: PhaseKindName, place: number, key: string, value: unknown): asserts value is number | string {
  const field = fieldsOf(kind)[key];
  if (field === undefined) {
    throw new WorkloadError(
      `${kind} (phase ${place + 1}) has no field '${key}'`,
      `its fields are ${Object.keys(fieldsOf(kind)).join(', ')}: ${JSON.stringify(withDefaults(kind, {}))}`,
    );
  }
  if (takes(field, value)) return;
  const range = field.unit === 'choice' ? field.choices.join(' or ') : `${field.least} to ${field.most}`;
  throw new WorkloadError(
    `${kind} (phase ${place + 1}): ${key} cannot be '${JSON.stringify(value)}'`,
    `give ${range}, such as "${key}": ${JSON.stringify(field.default)}`,
  );
}

/** What no single phase can know. */
function checkWhole(workload: Workload): Workload {
  const broadcasts = workload.reduce((total, phase) => total + (phase.kind === 'broadcast' ? phase.times : 0), 0);
  if (broadcasts > mostBroadcasts) {
    throw new WorkloadError(
      `the workload has ${broadcasts} broadcasts, and their numbers end at ${mostBroadcasts}`,
      'give fewer times',
    );
  }
  const restarts = workload.filter(({ kind }) => kind === 'restart').length;
  if (restarts > 1) {
    throw new WorkloadError(`the workload has ${restarts} restarts; at most one is allowed`, 'remove the others');
  }
  return workload;
}

function isObject(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

/** The short forms that edit a workload; undefined where not given. */
export interface WorkloadEdits {
  readonly broadcasts?: number | undefined;
  readonly intervalSeconds?: number | undefined;
  readonly echoRate?: number | undefined;
  readonly echoSeconds?: number | undefined;
}

/**
 * A workload edited by the short forms: each sets its field in every phase of its kind; an amount adds such a phase where there is
 * none, and an amount of 0 takes them out. Echoes are added before everything else, broadcasts behind. Throws
 * {@link WorkloadError}.
 */
export function editWorkload(workload: Workload, edits: WorkloadEdits): Workload {
  const echoes = edit(workload, 'echo', edits.echoRate, { ratePerSecond: edits.echoRate, seconds: edits.echoSeconds });
  const { broadcasts, intervalSeconds } = edits;
  return checkWhole(edit(echoes, 'broadcast', broadcasts, { times: broadcasts, intervalSeconds }));
}

function edit(
  workload: Workload,
  kind: PhaseKindName,
  amount: number | undefined,
  values: Readonly<Record<string, number | undefined>>,
): Workload {
  if (amount === 0) return workload.filter((phase) => phase.kind !== kind);
  const given = Object.fromEntries(
    Object.entries(values).filter((pair): pair is [string, number] => pair[1] !== undefined),
  );
  if (Object.keys(given).length === 0) return workload;
  if (amount === undefined && !workload.some((phase) => phase.kind === kind)) {
    throw new WorkloadError(
      `the workload has no ${kind} phase, so there is nothing of it to change`,
      `give ${kind === 'echo' ? '--echo-rate' : '--broadcasts'} too, or a workload with such a phase`,
    );
  }
  const edited = workload.map((phase, place) =>
    phase.kind === kind ? checked(kind, place, { ...phase, ...given }) : phase,
  );
  if (edited.some((phase) => phase.kind === kind)) return edited;
  const added = checked(kind, 0, given);
  return kind === 'echo' ? [added, ...edited] : [...edited, added];
}

function checked(kind: PhaseKindName, place: number, values: Readonly<Record<string, number | string>>): Phase {
  const { kind: _kind, ...given } = values;
  for (const [key, value] of Object.entries(given)) check(kind, place, key, value);
  return withDefaults(kind, given);
}
