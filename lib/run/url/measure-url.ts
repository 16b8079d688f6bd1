import { writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { exitCodes as loadExitCodes } from '../../../assets/loadgen/commands/exit-codes.ts';
import { shownUrl } from '../../../assets/loadgen/websocket/shown-url.ts';
import { machineFacts } from '../../../assets/host/programs/facts.ts';
import type { HostFacts } from '../../../assets/host/raw.ts';
import { LabError } from '../../config/lab-error.ts';
import { makeFolder } from '../../config/system/make-folder.ts';
import type { MeasurementRecordInput } from '../../results/schema/measurement-record.ts';
import { writeMeasurementRecord } from '../measure.ts';
import { loadUrl, type LoadEnd } from './load-url.ts';
import { sampleMachine } from './sample-machine.ts';
import type { UrlLoad } from './url-run.ts';

/** The one load host of a run against a URL: this machine. */
const host = 'load-1';

/** The load generator went to its end, whatever it found. */
const wentToItsEnd: readonly (number | null)[] = [
  loadExitCodes.done,
  loadExitCodes.notReached,
  loadExitCodes.incomplete,
  loadExitCodes.late,
];

/** Who is told how a measurement goes. */
export interface UrlWatcher {
  readonly onProgress: (line: string) => void;
  /** Gets the figures of a measurement whose files cannot be written. */
  readonly onUnkept: (summary: string) => void;
  /** When aborted, the measurement ends early with what it has. */
  readonly signal: AbortSignal;
}

/**
 * Measures a server at a URL once: leaves in `folder` what the documents of a lab leave of a load host, and measurement.json. Throws
 * LabError `usage` or `environment` for what the load generator refuses before it connects, and where its raw files cannot be written.
 */
export async function measureUrl(
  load: UrlLoad,
  identity: { readonly measurement: string; readonly repeat: number; readonly folder: string },
  watcher: UrlWatcher,
): Promise<MeasurementRecordInput> {
  const { measurement, repeat, folder } = identity;
  const files = join(folder, host);
  await makeFolder(files);
  const begun: MeasurementRecordInput = {
    schema: 1,
    measurement,
    server: shownUrl(load.url),
    repeat,
    status: 'running',
    beganUnixMillis: Date.now(),
  };
  await writeMeasurementRecord(folder, begun);
  await writeFile(join(files, 'facts.json'), `${JSON.stringify(facts(), null, 1)}\n`);
  const sampling = sampleMachine(join(files, 'samples.jsonl'));
  let end: LoadEnd;
  try {
    end = await loadUrl(load, host, files, {
      onStart: (pid) => sampling.watch('c1m-loadgen', pid),
      onEnd: sampling.stop,
      onProgress: watcher.onProgress,
      signal: watcher.signal,
    });
  } finally {
    sampling.stop();
  }
  refuse(end, files, watcher.onUnkept);
  await writeFile(join(files, 'units.txt'), unitEnds(end));
  const record = { ...begun, ...outcomeOf(end, watcher.signal.aborted), endedUnixMillis: Date.now() };
  await writeMeasurementRecord(folder, record);
  return record;
}

function facts(): HostFacts {
  return {
    schema: 1,
    host,
    role: 'load',
    ...machineFacts(),
    sysctls: [],
    warnings: [],
    versions: { node: process.version },
    instance: null,
  };
}

/** Throws LabError for what the load generator refuses, or what its machine lacks. */
function refuse(
  { code, lastWords, lastHint, summary }: LoadEnd,
  files: string,
  onUnkept: UrlWatcher['onUnkept'],
): void {
  if (code === loadExitCodes.usage) throw new LabError('usage', lastWords, lastHint);
  if (code !== loadExitCodes.environment) return;
  if (summary === '') throw new LabError('environment', lastWords, lastHint);
  onUnkept(summary);
  throw new LabError(
    'environment',
    `the run's files cannot be written to ${files}: ${lastWords}`,
    'free space there, or give another folder with --out; what was measured is above',
  );
}

/** `units.txt` as Collect writes it: the unit is there until what it measured is. */
function unitEnds({ endedBy }: LoadEnd): string {
  const state =
    endedBy === null
      ? 'ActiveState=active Result=success ExecMainStatus=0'
      : `ActiveState=failed Result=signal ExecMainStatus=${constants.signals[endedBy]}`;
  return `c1m-loadgen ${state}\nc1m-sample ActiveState=active Result=success ExecMainStatus=0\n`;
}

function outcomeOf(
  { code, endedBy, lastWords }: LoadEnd,
  interrupted: boolean,
): Pick<MeasurementRecordInput, 'status' | 'reason'> {
  if (interrupted) return { status: 'cancelled', reason: 'interrupted' };
  if (wentToItsEnd.includes(code)) return { status: 'succeeded', reason: null };
  const how = endedBy === null ? `exit code ${code}` : `ended by ${endedBy}`;
  return { status: 'failed', reason: lastWords === '' ? `the load generator failed (${how})` : lastWords };
}
