import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerDescription } from '../config/servers.ts';
import type { Calibration, RunRecordInput } from '../results/schema/run-record.ts';
import { measure, type Watcher } from './measure.ts';
import { planMeasurement, type MeasurementPlan } from './plan.ts';
import { makeRunFolder, readMeasurementRecord, writeRunRecord } from './run-folder.ts';
import type { RunRequest } from './run-request.ts';
import type { ScheduledMeasurement } from './schedule.ts';
import type { Site } from './site.ts';

/** A server of a run. */
export interface ChosenServer {
  readonly description: ServerDescription;
  /** Its folder, absolute, when it did not come with the lab. */
  readonly outsideFolder: string | null;
}

/** Everything a run is made of. */
export interface Run {
  readonly runId: string;
  /** `DIR/<run-id>`: raw files, result and report. */
  readonly folder: string;
  readonly request: RunRequest;
  readonly repeats: number;
  readonly servers: readonly ChosenServer[];
  /** Every measurement, in order. */
  readonly schedule: readonly ScheduledMeasurement[];
  /** When the run began: now, or for one that is resumed, then. */
  readonly beganUnixMillis: number;
  /** The commit that the run began with. */
  readonly gitCommit: string | null;
  /** The last calibration of this machine before the run; null when there was none. */
  readonly calibration: Calibration | null;
}

/**
 * Runs every measurement of a run that has not been made yet, one after the other, and leaves `run.json` and the raw files.
 * Throws LabError `environment` before anything starts when a measurement does not fit.
 */
export async function runBenchmark(site: Site, run: Run, watcher: Watcher): Promise<void> {
  const capacity = await site.readCapacity();
  const plans = new Map<string, MeasurementPlan>(
    run.servers.map(({ description }) => [
      description.name,
      planMeasurement(run.request, description, site.lab, capacity),
    ]),
  );
  await makeRunFolder(run.folder);
  const skipped = new Map<string, string>();
  const save = (endedUnixMillis: number | null): Promise<void> =>
    writeRunRecord(run.folder, describeRun(site, run, [...plans.values()], skipped, endedUnixMillis));
  await save(null);

  let hostsAreNew = true;
  for (const [place, { server, repeat, measurement }] of run.schedule.entries()) {
    const plan = plans.get(server);
    if (plan === undefined || skipped.has(server) || watcher.signal.aborted) continue;
    const folder = join(run.folder, 'raw', measurement);
    const earlier = await readMeasurementRecord(folder);
    if (earlier?.status === 'succeeded') continue;
    // What an interrupted measurement left would mix with the new one.
    await rm(folder, { recursive: true, force: true });
    watcher.onProgress({ kind: 'measurement', server, number: place + 1, of: run.schedule.length });
    if (!hostsAreNew) await site.renewHosts();
    hostsAreNew = false;
    const record = await measure(site, plan, { measurement, repeat, folder }, watcher);
    if (record.status === 'skipped') {
      skipped.set(server, record.reason ?? 'it cannot be built here');
      await rm(folder, { recursive: true, force: true });
      await save(null);
    }
    const text = record.status === 'succeeded' ? 'measured' : `${record.status}: ${record.reason ?? ''}`;
    watcher.onProgress({ kind: 'outcome', server, text });
  }
  await save(Date.now());
}

function describeRun(
  site: Site,
  run: Run,
  plans: readonly MeasurementPlan[],
  skipped: ReadonlyMap<string, string>,
  endedUnixMillis: number | null,
): RunRecordInput {
  const { request } = run;
  const most = (values: readonly number[]): number => Math.max(0, ...values);
  return {
    schema: 1,
    runId: run.runId,
    beganUnixMillis: run.beganUnixMillis,
    endedUnixMillis,
    where: site.where,
    hostsShareOneMachine: site.oneMachine,
    lab: site.lab,
    parameters: {
      servers: run.servers.map(({ description }) => description.name),
      connections: request.connections,
      broadcasts: request.broadcasts,
      intervalSeconds: request.intervalSeconds,
      echoRate: request.echoRate,
      echoSeconds: request.echoSeconds,
      connectRate: most(plans.map(({ connectRate }) => connectRate)),
      serverProcesses: most(plans.map(({ serverProcesses }) => serverProcesses)),
      loadProcesses: most(plans.map(({ loadProcesses }) => loadProcesses)),
      memoryPreset: plans[0]?.memoryPreset ?? 'modern',
      repeats: run.repeats,
    },
    servers: run.servers.map(({ description, outsideFolder }) => ({
      name: description.name,
      title: description.title,
      language: description.language,
      framework: `${description.framework.name} ${description.framework.version}`,
      knownDeviations: description.knownDeviations,
      folder: outsideFolder,
    })),
    resumption: {
      schedule: [...run.schedule],
      connectRate: request.connectRate ?? null,
      memoryPreset: request.memoryPreset ?? null,
      serverProcesses: request.serverProcesses ?? null,
      loadProcesses: request.loadProcesses ?? null,
    },
    skipped: [...skipped].map(([server, reason]) => ({ server, reason })),
    gitCommit: run.gitCommit,
    versions: { node: process.version },
    calibration: run.calibration,
  };
}

/** The commit this lab runs from, marked `-dirty` when files differ from it; null outside a clone or without git. */
export function gitCommit(): string | null {
  try {
    const git = (...words: string[]): string =>
      execFileSync('git', words, {
        cwd: import.meta.dirname,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    return `${git('rev-parse', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '-dirty'}`;
  } catch {
    return null;
  }
}
