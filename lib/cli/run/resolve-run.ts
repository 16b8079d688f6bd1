import { join } from 'node:path';
import { presetWorkload } from '../../../assets/loadgen/workload/presets.ts';
import { lastCalibration } from '../../calibration/calibration-record.ts';
import { LabError } from '../../config/lab-error.ts';
import { gitCommit } from '../../run/git-commit.ts';
import type { ChosenServer, Run } from '../../run/run.ts';
import { newRunId, readRunRecord } from '../../run/run-folder.ts';
import { scheduleMeasurements } from '../../run/schedule.ts';
import type { RunDefaults, LabBackend } from '../../run/lab-backend.ts';
import { flagWord } from '../flags/parse.ts';
import { workloadOf, type RunFlags } from '../flags/run-flags.ts';
import type { LabContext } from '../context.ts';
import { chooseServers, defaultServers, knownServers } from '../servers/server-folders.ts';

/** A run whose servers are known and read, and which a backend can complete with what suits it. */
export interface ResolvedRun {
  readonly servers: readonly ChosenServer[];
  readonly complete: (backend: Pick<LabBackend, 'defaults'>) => Run;
}

/** The flags that say where a run is made and not what it measures; all others are settled when it begins. */
const flagsOfPlace = new Set(['local', 'lab', 'region', 'out', 'resume']);

/** A run that begins now. Throws LabError `usage` for a server that is none. */
export function newRun(flags: RunFlags, out: string, context: LabContext): ResolvedRun {
  const servers = chooseServers(knownServers(), flags.servers ?? defaultServers, context.workingFolder);
  const names = servers.map(({ description }) => description.name);
  const repeats = flags.repeats ?? 1;
  const runId = newRunId(context.now(), context.random);
  return {
    servers,
    complete: ({ defaults }) => ({
      runId,
      folder: join(out, runId),
      request: requestOf(flags, names, defaults, context.workingFolder),
      repeats,
      servers,
      schedule: scheduleMeasurements(names, repeats, flags.order ?? 'given', context.random),
      beganUnixMillis: context.now().getTime(),
      gitCommit: gitCommit(),
      calibration: lastCalibration(),
    }),
  };
}

function requestOf(flags: RunFlags, servers: readonly string[], defaults: RunDefaults, folder: string): Run['request'] {
  return {
    servers,
    connections: flags.connections ?? defaults.connections,
    workload: workloadOf(flags, presetWorkload(defaults.workload), folder),
    connectRate: flags.connectRate,
    memoryPreset: flags.memory,
    tls: flags.tls ?? false,
    deflate: flags.deflate ?? false,
    serverProcesses: flags.serverProcesses,
    loadProcesses: flags.loadProcesses,
  };
}

/**
 * A run that was interrupted: it goes on with what it was asked then, in the order settled then, for other sizes beside it would
 * compare unlike things. Throws LabError `usage` when there is no such run, or other sizes are asked for.
 */
export async function resumedRun(
  runId: string,
  flags: RunFlags,
  out: string,
  context: LabContext,
): Promise<ResolvedRun> {
  if (!/^[\w-]+$/.test(runId)) {
    throw new LabError(
      'usage',
      `--resume needs a run's id, got '${runId}'`,
      'give the name of its folder, and its parent with --out',
    );
  }
  const others = Object.entries(flags).filter(([name, value]) => value !== undefined && !flagsOfPlace.has(name));
  if (others.length > 0) {
    const given = others.map(([name]) => flagWord(name));
    throw new LabError(
      'usage',
      `${given.join(', ')} cannot be given with --resume: a run resumes with its original settings`,
      'remove that flag, or start a new run',
    );
  }
  const folder = join(out, runId);
  const record = await readRunRecord(folder);
  const { parameters, resumption } = record;
  if (record.where === 'url') {
    throw new LabError(
      'usage',
      `${folder} cannot be resumed: it measures a server at a URL, which keeps running without the lab`,
      'start a new run',
    );
  }
  if (resumption === null) {
    throw new LabError('usage', `${folder} cannot be resumed: an earlier version wrote it`, 'start a new run');
  }
  const where = flags.local === true ? 'local' : 'aws';
  if (record.where !== where) {
    throw new LabError(
      'usage',
      `${folder} cannot be resumed ${where === 'local' ? 'here' : 'on AWS'}: it ran ${record.where === 'local' ? 'on a local lab' : 'on AWS'}`,
      where === 'local' ? 'remove --local' : 'give --local',
    );
  }
  const folders = new Map(record.servers.map((server) => [server.name, server.folder]));
  const items = parameters.servers.map((name) => folders.get(name) ?? name);
  const servers = chooseServers(knownServers(), items, context.workingFolder);
  const commit = gitCommit();
  if (commit !== record.gitCommit) {
    context.process.stderr.write(
      `note: the run began with commit ${record.gitCommit ?? 'unknown'}, and goes on with ${commit ?? 'unknown'}\n`,
    );
  }
  const { schedule, ...asked } = resumption;
  return {
    servers,
    complete: () => ({
      runId: record.runId,
      folder,
      request: {
        ...parameters,
        connectRate: asked.connectRate ?? undefined,
        memoryPreset: asked.memoryPreset ?? undefined,
        serverProcesses: asked.serverProcesses ?? undefined,
        loadProcesses: asked.loadProcesses ?? undefined,
      },
      repeats: parameters.repeats,
      servers,
      schedule,
      beganUnixMillis: record.beganUnixMillis,
      gitCommit: record.gitCommit,
      calibration: record.calibration,
    }),
  };
}
