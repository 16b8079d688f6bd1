import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../config/lab-error.ts';

const program = join(import.meta.dirname, '../../bin/c1m.ts');

/** What a command of the lab printed on standard output, and how it ended; null: by a signal. */
export interface Ended {
  readonly stdout: string;
  readonly exitCode: number | null;
}

/** Signals that ask a process to end. */
export const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs the lab's own command line with these words; its progress goes to standard error. A signal that asks this process to end is its
 * own as well, and is waited for: throws LabError `interrupted` then.
 */
export async function labCommand(words: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (stdout += piece));
  let isInterrupted = false;
  const pass = (signal: NodeJS.Signals): void => {
    isInterrupted = true;
    child.kill(signal);
  };
  for (const signal of endSignals) process.on(signal, pass);
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (!isInterrupted) return { stdout, exitCode };
  } finally {
    for (const signal of endSignals) process.off(signal, pass);
  }
  throw new LabError('interrupted', 'the benchmark was interrupted', 'start it again');
}

/** Runs `c1m run --local` with these words into `out`, and gives the folder of the run. Throws LabError `runFailed` where none was made. */
export async function labRun(words: readonly string[], out: string): Promise<Ended & { readonly folder: string }> {
  mkdirSync(out, { recursive: true });
  const before = new Set(readdirSync(out));
  const all = ['run', '--local', ...words, '--out', out];
  const ended = await labCommand(all);
  const [run] = readdirSync(out).filter((name) => !before.has(name));
  if (run === undefined) throw new LabError('runFailed', `c1m ${all.join(' ')} left no run`, 'see its output above');
  return { ...ended, folder: join(out, run) };
}
