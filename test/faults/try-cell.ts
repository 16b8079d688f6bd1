import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { mergeRun } from '../../lib/results/merge/merge-run.ts';
import { readRun } from '../../lib/results/raw/read-run.ts';
import { allProcesses, descendants, withFolder, type ProcessFacts } from '../integration/lab-process.ts';
import { phases, type Cell, type RunningLab } from './cell.ts';
import { until } from '../until.ts';

const program = join(import.meta.dirname, '../../bin/c1m.ts');
const connections = 300;
/** A ramp of three seconds, echoes for two, broadcasts for three: each phase is long enough to be hit. */
const runWords = 'run --local --servers node --connections 300 --connect-rate 100';
const usualWorkload = 'echo rate=50/s for=2s, broadcast times=3 every=1s';

/** The five questions that every cell is asked. */
export const questions = ['ended', 'named', 'kept', 'nothingLeft', 'code'] as const;

/** The answer to each question: null where it is right, else what was wrong. */
export interface Answers {
  readonly ended: string | null;
  readonly named: string | null;
  readonly kept: string | null;
  readonly nothingLeft: string | null;
  readonly code: string | null;
  /** Seconds from the fault to the end. */
  readonly seconds: number;
  /** What the command printed. */
  readonly printed: string;
}

/** Makes one run, lets the fault of a cell happen to it, and judges what came of it. */
export async function tryCell(cell: Cell): Promise<Answers> {
  return withFolder(async (folder) => {
    const [out, temporary] = [join(folder, 'results'), join(folder, 'tmp')];
    mkdirSync(temporary);
    const words = [
      process.execPath,
      program,
      ...runWords.split(' '),
      '--workload',
      cell.workload ?? usualWorkload,
      '--out',
      out,
    ];
    const [command = '', ...args] = cell.script === undefined ? words : ['bash', '-c', cell.script, 'cell', ...words];
    const environment = {
      ...process.env,
      TMPDIR: temporary,
      OUT: folder,
      C1M_UNSHARE: process.getuid?.() === 0 ? '' : '--user --map-root-user',
    };
    const child = spawn(command, args, { env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const pid = child.pid ?? 0;
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (printed += text.toString()));
    let exit: number | null = null;
    let over = false;
    child.once('close', (code) => {
      exit = code;
      over = true;
    });
    const mountsBefore = mounts();
    const seen = new Map<string, ProcessFacts>();
    const note = (): void => {
      for (const found of descendants(pid)) seen.set(`${found.pid} ${found.startTicks}`, found);
    };
    const noting = setInterval(note, 200);
    try {
      let began = performance.now();
      const codeFile = join(folder, 'code');
      const hasEnded = (): boolean =>
        (over && cell.script === undefined) || existsSync(codeFile) || (over && !isAlive(seen));
      if (cell.phase !== 'never') {
        await until(`the phase ${cell.phase}: ${printed}`, () => phases[cell.phase].test(printed) || over);
        note();
        began = performance.now();
        await cell.fault(labOf(pid));
      }
      const deadline = began + cell.expected.withinSeconds * 1000;
      let namedSeconds: number | null = null;
      while (!hasEnded() && performance.now() < deadline + 15_000) {
        if (cell.expected.named?.test(printed) === true) namedSeconds ??= (performance.now() - began) / 1000;
        await pause(50);
      }
      const seconds = (performance.now() - began) / 1000;
      clearInterval(noting);
      const code = existsSync(codeFile) ? Number(readFileSync(codeFile, 'utf8')) : exit;
      const left = (await whatIsLeft(seen, temporary, out)) ?? (mounts() === mountsBefore ? null : 'a mount');
      return {
        ended:
          seconds <= cell.expected.withinSeconds
            ? null
            : `after ${seconds.toFixed(1)} s${hasEnded() ? '' : ', and not yet'}`,
        named: whatIsUnsaid(cell, printed, namedSeconds),
        kept: await whatIsLacking(cell, existsSync(join(folder, 'kept')) ? join(folder, 'kept') : out, printed),
        nothingLeft: left,
        code: cell.expected.codes === null || cell.expected.codes.includes(code ?? -1) ? null : `${code}`,
        seconds,
        printed,
      };
    } finally {
      clearInterval(noting);
      for (const found of stillThere(seen)) kill(found.pid);
      if (!over) kill(pid);
    }
  });
}

const mounts = (): string => readFileSync('/proc/self/mountinfo', 'utf8');

function labOf(pid: number): RunningLab {
  const inHost = (host: string | undefined): ((found: ProcessFacts) => boolean) => {
    if (host === undefined) return () => true;
    const init = descendants(pid).find(({ command }) => new RegExp(`bash \\S*host-init\\.sh ${host} `).test(command));
    return ({ networkNamespace }) => networkNamespace === init?.networkNamespace;
  };
  return {
    pid,
    processes: async (command, host) => {
      const find = (): readonly ProcessFacts[] =>
        descendants(pid)
          .filter((found) => command.test(found.command) && inHost(host)(found))
          .sort((a, b) => a.startTicks - b.startTicks);
      await until(`a process ${String(command)}`, () => find().length > 0);
      return find();
    },
    command: async () => {
      const find = (): ProcessFacts | undefined =>
        descendants(pid).find(({ command }) => command.includes('bin/c1m.ts run'));
      await until('the command', () => find() !== undefined);
      return find()!;
    },
  };
}

function stillThere(seen: ReadonlyMap<string, ProcessFacts>): readonly ProcessFacts[] {
  return allProcesses().filter(({ pid, startTicks }) => seen.has(`${pid} ${startTicks}`));
}

/** Whether the command itself, or anything below it, still runs. */
function isAlive(seen: ReadonlyMap<string, ProcessFacts>): boolean {
  return stillThere(seen).some(({ command }) => command.includes('bin/c1m.ts run'));
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone meanwhile.
  }
}

/** Processes and temporary files that outlive the command; null when there are none. */
async function whatIsLeft(
  seen: ReadonlyMap<string, ProcessFacts>,
  temporary: string,
  out: string,
): Promise<string | null> {
  // Host processes end with the command, but not before it.
  const deadline = performance.now() + 10_000;
  while (stillThere(seen).length > 0 && performance.now() < deadline) await pause(100);
  const processes = stillThere(seen).map(({ pid, command }) => `${pid} ${command.slice(0, 60)}`);
  const files = [
    ...readdirSync(temporary),
    ...(existsSync(out) ? readdirSync(out, { recursive: true }).map(String) : []).filter((name) =>
      /\.(new|part)$/.test(name),
    ),
  ].filter((name) => !name.startsWith('c1mlab-kept-'));
  return processes.length + files.length === 0 ? null : [...processes, ...files].join(', ');
}

/** What the screen has not said, or not soon enough; null when it has. */
function whatIsUnsaid(
  { expected: { named, namedWithinSeconds } }: Cell,
  printed: string,
  seconds: number | null,
): string | null {
  if (named === null) return null;
  if (!named.test(printed)) return `no ${String(named)}`;
  if (namedWithinSeconds === null || (seconds ?? 0) <= namedWithinSeconds) return null;
  return `after ${seconds?.toFixed(1)} s`;
}

/** What a report made afterwards does not show of what had been measured; null when it shows all that is expected. */
async function whatIsLacking(cell: Cell, out: string, printed: string): Promise<string | null> {
  const elsewhere = /kept in (\S+?)[,;:]?\s/.exec(printed)?.[1];
  try {
    const folder = elsewhere ?? (existsSync(join(out, 'run.json')) ? out : join(out, readdirSync(out)[0] ?? ''));
    const result = mergeRun(await readRun(folder));
    const [measurement] = result.measurements;
    const { kept } = cell.expected;
    const established = measurement?.connections.established ?? 0;
    if ((kept === 'all' || kept === 'phase') && established < connections)
      return `${established} of ${connections} connections`;
    if (kept === 'phase' && (measurement?.phases[0]?.latency?.count ?? 0) === 0) return 'no latency';
    if (kept === 'phase' && measurement?.verdict.complete !== false) return 'not marked incomplete';
    if (kept === 'some' && established === 0) return 'no connection';
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
