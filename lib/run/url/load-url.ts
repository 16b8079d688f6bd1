import { spawn } from 'node:child_process';
import { extname, join } from 'node:path';
import { formatWorkload } from '../../../assets/loadgen/workload/workload.ts';
import { exitCodes, LabError } from '../../config/lab-error.ts';
import type { UrlLoad, UrlSummary } from './url-record.ts';

/** In an installed package it is JavaScript, as this file is: Node takes no TypeScript from there. */
const loadGenerator = join(import.meta.dirname, `../../../assets/loadgen/main${extname(import.meta.filename)}`);

/** The load generator prints how it stands every 5 s at least; it is looked at once a second. */
const silentLooks = 15;
const lookMillis = 1000;
/** How long it may take to end when it is interrupted: it waits for its own processes, but not for ever. */
const endMillis = 13_000;

/** How long connections are held when nothing is done with them. */
const holdSeconds = 5;

/**
 * Loads a URL from this machine with the load generator in a process of its own, and gives what it measured; `onProgress` hears
 * its lines. When `signal` is aborted it ends early, with what it has. Throws LabError `usage` for what it refuses, `environment` for
 * what the machine lacks, `runFailed` when it ends without a result, or falls silent.
 */
export async function loadUrl(
  load: UrlLoad,
  onProgress: (line: string) => void,
  signal: AbortSignal,
): Promise<UrlSummary> {
  const child = spawn(process.execPath, [loadGenerator, ...optionsOf(load)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let killer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGTERM');
    killer = setTimeout(() => child.kill('SIGKILL'), endMillis);
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  let printed = '';
  let line = '';
  let lastWords = '';
  let lastHint = '';
  // Counted in looks, not by the clock: a process that was stopped itself must not take that for the other's silence.
  let looks = 0;
  const watch = setInterval(() => {
    looks += 1;
    if (looks < silentLooks) return;
    lastWords = `it was silent for ${silentLooks} s (stopped, or hanging)`;
    child.kill('SIGKILL');
  }, lookMillis);
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    looks = 0;
    const lines = (line + text).split('\n');
    line = lines.pop() ?? '';
    for (const whole of lines) {
      if (whole.startsWith('error: ')) lastWords = whole.slice('error: '.length);
      else if (whole.startsWith('  fix: ')) lastHint = whole.slice('  fix: '.length);
      else onProgress(whole);
    }
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code === exitCodes.usage) throw new LabError('usage', lastWords, 'see c1m run --help');
    if (code === exitCodes.environment) throw new LabError('environment', lastWords, lastHint);
    if (printed === '') {
      throw new LabError(
        'runFailed',
        `the load generator ended without a result: ${lastWords || `exit code ${code}`}`,
        'try fewer connections, or npm run loadgen -- --help for its own options',
      );
    }
    return JSON.parse(printed) as UrlSummary;
  } finally {
    clearInterval(watch);
    clearTimeout(killer);
    signal.removeEventListener('abort', stop);
  }
}

function optionsOf(load: UrlLoad): readonly string[] {
  const options: Readonly<Record<string, string | number | undefined>> = {
    url: load.url,
    connections: load.connections,
    rate: load.connectRate,
    workload: formatWorkload(load.workload),
    hold: load.workload.length === 0 ? holdSeconds : 0,
    processes: load.loadProcesses,
  };
  const words = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, `${value}`],
  );
  return ['--json', ...words];
}
