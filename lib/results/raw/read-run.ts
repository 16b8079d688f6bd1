import { open, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LabError } from '../../config/lab-error.ts';
import { readTextFile } from '../../config/system/read-file.ts';
import { measurementRecordSchema, type MeasurementRecord } from '../schema/measurement-record.ts';
import { runRecordSchema } from '../schema/run-record.ts';
import { isLog, parseHost, parseJson } from './parse-raw.ts';
import type { RawHost, RawMeasurement, RawRun } from './raw-run.ts';
import { refuseForeign } from './refuse-foreign.ts';

/** How much of each end of a log is read: enough for what a server says when it starts and when it dies. */
const logEndBytes = 16 * 1024;

/** A folder that holds no run: `run.json` is missing or cannot be understood. */
export class UnreadableRunError extends LabError {
  constructor(message: string) {
    super('usage', message, 'give the folder of a run, DIR/<run-id>');
    this.name = 'UnreadableRunError';
  }
}

/**
 * Reads a run's folder `DIR/<run-id>`. Only `run.json` must be there and whole, else it throws {@link UnreadableRunError};
 * raw files that are missing or cut short become problems, and what is there is used. With `only`, the name of a measurement, nothing else
 * is read.
 */
export async function readRun(folder: string, only?: string): Promise<RawRun> {
  const file = join(folder, 'run.json');
  const { text } = readText(file);
  if (text === null) {
    throw new UnreadableRunError(`${file} is missing: the folder of one run holds run.json and raw/`);
  }
  const { value: record, problem } = parseJson(file, text, runRecordSchema);
  if (record === null) throw new UnreadableRunError(problem);
  const measurements: RawMeasurement[] = [];
  for (const name of await foldersIn(join(folder, 'raw'))) {
    if (only !== undefined && name !== only) continue;
    measurements.push(await readMeasurement(folder, name, hostNames(record.lab.load.hosts)));
  }
  return { record, measurements: measurements.sort(byOrderMeasured(record.parameters.servers)) };
}

/** The hosts of a lab with so many load hosts. */
function hostNames(loadHosts: number): readonly string[] {
  return ['server', ...Array.from({ length: loadHosts }, (_, index) => `load-${index + 1}`)];
}

/**
 * Reads `raw/<measurement>` of a run's folder; nothing in it must be there. What does not belong to it, or to the hosts given, is left
 * out and named.
 */
async function readMeasurement(
  runFolder: string,
  name: string,
  hostsOfLab: readonly string[] | null = null,
): Promise<RawMeasurement> {
  const folder = join(runFolder, 'raw', name);
  const problems: string[] = [];
  const { text, problem } = readText(join(folder, 'measurement.json'));
  let record: MeasurementRecord | null = null;
  if (text === null) problems.push(problem ?? 'measurement.json is missing');
  else {
    const parsed = parseJson('measurement.json', text, measurementRecordSchema);
    record = parsed.value;
    if (parsed.problem !== null) problems.push(parsed.problem);
    if (record !== null && record.measurement !== name) {
      problems.push(`the folder is a copy: its measurement.json is that of ${record.measurement}`);
    }
  }
  const found: RawHost[] = [];
  for (const host of await foldersIn(folder)) found.push(await readHost(folder, host));
  const belonging = { hosts: hostsOfLab, executionId: record?.executionId ?? null };
  const { hosts, problems: foreign } = refuseForeign(found, belonging);
  return { name, record: record ?? recordFromName(name, hosts), hosts, problems: [...problems, ...foreign] };
}

async function readHost(folder: string, host: string): Promise<RawHost> {
  const files: Record<string, string> = {};
  const problems: string[] = [];
  const entries = await readdir(join(folder, host), { withFileTypes: true }).catch((error: unknown) => {
    problems.push(`${host} cannot be read: ${(error as Error).message}`);
    return [];
  });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(folder, host, entry.name);
    const { text, problem } = isLog(entry.name) ? await readEnds(path) : readText(path);
    if (text !== null) files[entry.name] = text;
    if (problem !== null) problems.push(`${host}/${problem}`);
  }
  const parsed = parseHost(host, files);
  return { ...parsed, problems: [...parsed.problems, ...problems] };
}

/** What can be said of a measurement whose own record is lost: its name, and the server that its files name. */
function recordFromName(name: string, hosts: readonly RawHost[]): MeasurementRecord {
  const [, server = name, repeat] = /^(.*?)(?:-(\d+))?$/.exec(name) ?? [];
  return {
    schema: 1,
    measurement: name,
    server: hosts.find((host) => host.serverStart !== null)?.serverStart?.server ?? server,
    repeat: Math.max(1, Number(repeat ?? 1)),
    status: 'running',
    reason: null,
    executionId: null,
    beganUnixMillis: null,
    endedUnixMillis: null,
    steps: [],
  };
}

/** Sorts by when it began; without that, by the order asked for and the repeat. */
function byOrderMeasured(servers: readonly string[]): (a: RawMeasurement, b: RawMeasurement) => number {
  const place = (measurement: RawMeasurement): number => {
    const index = servers.indexOf(measurement.record.server);
    return index === -1 ? servers.length : index;
  };
  return (a, b) => {
    const [beganA, beganB] = [a.record.beganUnixMillis, b.record.beganUnixMillis];
    if (beganA !== null && beganB !== null && beganA !== beganB) return beganA - beganB;
    return a.record.repeat - b.record.repeat || place(a) - place(b) || a.name.localeCompare(b.name);
  };
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** The text of a file, or why there is none: null for both when it is not there. */
interface FileText {
  readonly text: string | null;
  readonly problem: string | null;
}

function readText(path: string): FileText {
  try {
    return { text: readTextFile(path), problem: null };
  } catch (error) {
    return isMissing(error) ? { text: null, problem: null } : unreadable(path, error);
  }
}

async function readEnds(path: string): Promise<FileText> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size <= 2 * logEndBytes) return { text: await file.readFile('utf8'), problem: null };
      const ends = Buffer.alloc(2 * logEndBytes);
      await file.read(ends, 0, logEndBytes, 0);
      await file.read(ends, logEndBytes, logEndBytes, size - logEndBytes);
      return {
        text: `${ends.toString('utf8', 0, logEndBytes)}\n…\n${ends.toString('utf8', logEndBytes)}`,
        problem: null,
      };
    } finally {
      await file.close();
    }
  } catch (error) {
    return unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): FileText {
  return { text: null, problem: `${basename(path)} cannot be read: ${(error as Error).message}` };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
