import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunResult } from '../../lib/results/schema/run-result.ts';

/** The CLI. */
export const labProgram = join(import.meta.dirname, '../../bin/c1m.ts');

/** The CLI in a process of its own, as a user runs it. */
export interface LabProcess {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with exit code and signal. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Starts `c1m` with these words. */
export function startLab(...words: readonly string[]): LabProcess {
  return startProgram(process.execPath, labProgram, ...words);
}

/** Starts any program and keeps what it prints. */
export function startProgram(command: string, ...words: readonly string[]): LabProcess {
  return startWith(process.env, command, ...words);
}

/** Starts any program with an environment of its own. */
export function startWith(env: NodeJS.ProcessEnv, command: string, ...words: readonly string[]): LabProcess {
  const child = spawn(command, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** Runs a body with a temporary folder that is removed afterwards. */
export async function withFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'c1mlab-test-'));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The one run folder under DIR, and its result. */
export async function onlyRun(out: string): Promise<{ readonly folder: string; readonly result: RunResult }> {
  const runs = await readdir(out);
  if (runs.length !== 1) throw new Error(`expected one run folder in ${out}, found ${runs.join(', ') || 'none'}`);
  const folder = join(out, runs[0] ?? '');
  return { folder, result: JSON.parse(await readFile(join(folder, 'result.json'), 'utf8')) as RunResult };
}

/** A process as /proc shows it. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** When it began, in ticks since boot. */
  readonly startTicks: number;
  readonly networkNamespace: string;
}

type ProcessStat = Pick<ProcessFacts, 'pid' | 'parent' | 'startTicks'>;

/** What `read` gives for each process; nothing for one that has ended meanwhile, or that this user cannot see into. */
function ofProcesses<In, Out>(processes: readonly In[], read: (one: In) => Out): readonly Out[] {
  return processes.flatMap((one) => {
    try {
      return [read(one)];
    } catch {
      return [];
    }
  });
}

function processStats(): readonly ProcessStat[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ofProcesses(pids, (pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the name, which is in parentheses and may hold spaces: the state, the parent, and as the 20th the start (proc_pid_stat(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid: Number(pid), parent: Number(fields[1]), startTicks: Number(fields[19]) };
  });
}

function withFacts(processes: readonly ProcessStat[]): readonly ProcessFacts[] {
  return ofProcesses(processes, (stat) => ({
    ...stat,
    command: readFileSync(`/proc/${stat.pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
    networkNamespace: readlinkSync(`/proc/${stat.pid}/ns/net`),
  }));
}

/** Every process of this machine that this user can see into. */
export function allProcesses(): readonly ProcessFacts[] {
  return withFacts(processStats());
}

/** All processes that descend from one. */
export function descendants(pid: number): readonly ProcessFacts[] {
  const processes = processStats();
  const found: ProcessStat[] = [];
  let parents = new Set([pid]);
  while (parents.size > 0) {
    const children = processes.filter(({ parent }) => parents.has(parent));
    found.push(...children);
    parents = new Set(children.map((child) => child.pid));
  }
  return withFacts(found);
}

/** Walls that a machine brings about which others use as well: only they may make a run of these tests invalid. */
const wallsOfBusyMachines: readonly string[] = ['generatorBehind', 'loadCpu'];

/** Checks that a run ended with 0, or with 6 where the machine was too busy to judge times; its counts are to be right in either case. */
export function assertEndedRight(code: number | null, result: RunResult, said: string): void {
  const invalidating: readonly string[] = result.measurements.flatMap(({ verdict: { walls, measurementFaults } }) => [
    ...walls.flatMap(({ wall, effect }) => (effect === 'invalidates' ? [wall] : [])),
    ...measurementFaults.flatMap(({ fault, effect }) => (effect === 'invalidates' ? [fault] : [])),
  ]);
  if (invalidating.length === 0) assert.equal(code, 0, said);
  else {
    assert.deepEqual(
      invalidating.filter((wall) => !wallsOfBusyMachines.includes(wall)),
      [],
      said,
    );
    assert.equal(code, 6, said);
  }
}
