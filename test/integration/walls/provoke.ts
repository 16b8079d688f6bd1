import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serversFolder } from '../../../lib/cli/servers/server-folders.ts';
import type { MeasurementResult } from '../../../lib/results/schema/measurement-result.ts';
import { descendants, onlyRun, startLab, type LabProcess, type ProcessFacts } from '../lab-process.ts';
import { until } from '../../until.ts';

/** A server, and what is done to its lab from outside. Each is one measurement of a run. */
export interface Provocation {
  readonly name: string;
  /** Words for the plain server. */
  readonly misbehaviour?: string;
  /** Shell that its `start` runs before it becomes the server. */
  readonly beforeStart?: string;
  /** Done as soon as there is a host for the server; only for the first of a run. */
  readonly withHosts?: (lab: LabProcess) => void | Promise<void>;
  /** Done when the server is about to start. */
  readonly beforeRamp?: (lab: LabProcess) => void | Promise<void>;
  /** Done as soon as this step of the benchmark has begun. */
  readonly during?: readonly [
    'opening connections' | 'driving the workload',
    (lab: LabProcess) => void | Promise<void>,
  ];
}

/** What became of a run of provocations. */
export interface Provoked {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** By the name of the provocation. */
  readonly measurements: ReadonlyMap<string, MeasurementResult>;
}

/** Runs `c1m run --local` over provocations, one after the other on hosts of their own. */
export async function provoke(
  folder: string,
  provocations: readonly Provocation[],
  ...words: readonly string[]
): Promise<Provoked> {
  const servers = provocations.map((provocation) => makeServer(folder, provocation));
  const out = join(folder, 'out');
  const lab = startLab('run', '--local', '--servers', servers.join(','), ...words, '--out', out);
  try {
    for (const provocation of provocations) await provokeOne(lab, folder, provocation);
  } catch (error) {
    lab.child.kill('SIGINT');
    await lab.ended;
    throw error;
  }
  const { code } = await lab.ended;
  const { result } = await onlyRun(out).catch((error: unknown) => {
    throw new Error(`the run ended with ${code}: ${lab.stderr()}`, { cause: error });
  });
  const measurements = new Map(result.measurements.map((measurement) => [measurement.server, measurement]));
  return { code, stdout: lab.stdout(), stderr: lab.stderr(), measurements };
}

async function provokeOne(
  lab: LabProcess,
  folder: string,
  { name, withHosts, beforeRamp, during }: Provocation,
): Promise<void> {
  if (withHosts !== undefined) {
    await duringRun(lab, 'the hosts', () => hostProcesses(lab, 'server').length > 0);
    await withHosts(lab);
  }
  // One that cannot even start has no gate to be let through.
  if (beforeRamp === undefined && during === undefined) {
    writeFileSync(join(folder, name, 'go'), '');
    return;
  }
  const gate = (): boolean => waitingToStart(lab, name).length > 0;
  await duringRun(lab, `${name} to start`, gate);
  await beforeRamp?.(lab);
  const seen = lab.stderr().length;
  writeFileSync(join(folder, name, 'go'), '');
  if (during !== undefined) {
    await duringRun(lab, `${name} to be ${during[0]}`, () => lab.stderr().slice(seen).includes(during[0]));
    await during[1](lab);
  }
}

/** A server folder whose `start` waits until a file `go` is in it. */
function makeServer(parent: string, { name, misbehaviour = '', beforeStart = '' }: Provocation): string {
  const folder = join(parent, name);
  mkdirSync(folder);
  const node = JSON.parse(readFileSync(join(serversFolder, 'node/server.json'), 'utf8')) as Record<string, unknown>;
  const description = { ...node, name, title: name, requires: [], startSeconds: 60 };
  writeFileSync(join(folder, 'server.json'), JSON.stringify(description));
  copyFileSync(join(import.meta.dirname, 'plain-server.ts'), join(folder, 'plain-server.ts'));
  writeFileSync(join(folder, 'build'), '#!/bin/sh\n', { mode: 0o755 });
  const start = `#!/bin/sh\nuntil [ -e go ]; do sleep 0.05; done\n${beforeStart}\nexec node $NODE_FLAGS ./plain-server.ts ${misbehaviour}\n`;
  writeFileSync(join(folder, 'start'), start, { mode: 0o755 });
  return folder;
}

async function duringRun(lab: LabProcess, what: string, condition: () => boolean): Promise<void> {
  await until(what, () => {
    if (lab.child.exitCode !== null) throw new Error(`the run ended while waiting for ${what}: ${lab.stderr()}`);
    return condition();
  });
}

/** The first process of a host of the lab, found from outside; `bridge` is what joins them. */
export function hostProcess(lab: LabProcess, host: string): ProcessFacts {
  const found = hostProcesses(lab, host).at(-1);
  if (found === undefined) throw new Error(`no process of ${host} below the lab`);
  return found;
}

function hostProcesses(lab: LabProcess, host: string): readonly ProcessFacts[] {
  const script = host === 'bridge' ? 'bridge\\.sh \\S+$' : `host-init\\.sh ${host} `;
  return labProcesses(lab, new RegExp(`^\\S*bash .*${script}`));
}

/** Runs a command in the network namespace of a host; it must succeed. */
export function inNetworkOf(lab: LabProcess, host: string, ...command: readonly string[]): string {
  const { pid } = hostProcess(lab, host);
  const user = process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials'];
  return execFileSync('nsenter', [`--target=${pid}`, ...user, '--net', '--', ...command], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

/** The process that will be the server, as long as it waits to be let go. */
export function waitingToStart(lab: LabProcess, name: string): readonly ProcessFacts[] {
  return labProcesses(lab, new RegExp(`^\\S*sh \\S*/servers/${name}/start$`));
}

/**
 * Processes of the lab whose command line matches. What one of them has forked and that has not become another program yet has the same
 * command line for a moment: it is none of them.
 */
export function labProcesses(lab: LabProcess, command: RegExp): readonly ProcessFacts[] {
  const matching = descendants(lab.child.pid ?? 0).filter((candidate) => command.test(candidate.command));
  const pids = new Set(matching.map(({ pid }) => pid));
  return matching.filter(({ parent }) => !pids.has(parent));
}
