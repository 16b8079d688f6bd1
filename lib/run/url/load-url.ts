import { spawn } from 'node:child_process';
import { extname, join } from 'node:path';
import { formatWorkload } from '../../../assets/loadgen/workload/workload.ts';
import type { UrlLoad } from './url-run.ts';

/** In an installed package it is JavaScript, as this file is: Node takes no TypeScript from there. */
const loadGenerator = join(import.meta.dirname, `../../../assets/loadgen/main${extname(import.meta.filename)}`);

/** The load generator prints how it stands every 5 s at least; it is looked at once a second. */
const silentLooks = 15;
const lookMillis = 1000;
/** How long it may take to end when it is interrupted: it waits for its own processes, but not for ever. */
const endMillis = 13_000;

/** Who is told how the load goes. */
export interface LoadWatcher {
  readonly onStart: (pid: number) => void;
  readonly onProgress: (line: string) => void;
  /** Called as soon as it has ended, before its last words have been read. */
  readonly onEnd: () => void;
  /** When aborted, it ends early with what it has. */
  readonly signal: AbortSignal;
}

/** How the load generator ended. */
export interface LoadEnd {
  /** Its exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly endedBy: NodeJS.Signals | null;
  /** What it said last; empty when all was well. */
  readonly lastWords: string;
  /** What helps against that. */
  readonly lastHint: string;
  /** Its summary for a person; empty when it never began. */
  readonly summary: string;
}

/** Loads a URL from this machine with the load generator in a process of its own, as host `host`, which leaves its raw files in `folder`. */
export async function loadUrl(load: UrlLoad, host: string, folder: string, watcher: LoadWatcher): Promise<LoadEnd> {
  const child = spawn(process.execPath, [loadGenerator, ...wordsOf(load, host, folder)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) watcher.onStart(child.pid);
  let killer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGTERM');
    // One that was stopped hears of it only then.
    child.kill('SIGCONT');
    killer = setTimeout(() => child.kill('SIGKILL'), endMillis);
  };
  watcher.signal.addEventListener('abort', stop);
  if (watcher.signal.aborted) stop();
  let summary = '';
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
  child.stdout.setEncoding('utf8').on('data', (text: string) => (summary += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    looks = 0;
    const lines = (line + text).split('\n');
    line = lines.pop() ?? '';
    for (const whole of lines) {
      if (whole.startsWith('error: ')) lastWords = whole.slice('error: '.length);
      else if (whole.startsWith('  fix: ')) lastHint = whole.slice('  fix: '.length);
      else watcher.onProgress(whole);
    }
  });
  child.once('exit', watcher.onEnd);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, endedBy) => resolve({ code, endedBy, lastWords, lastHint, summary }));
    });
  } finally {
    clearInterval(watch);
    clearTimeout(killer);
    watcher.signal.removeEventListener('abort', stop);
  }
}

function wordsOf(load: UrlLoad, host: string, folder: string): readonly string[] {
  const options: Readonly<Record<string, string | number>> = {
    url: load.url,
    connections: load.connections,
    rate: load.connectRate,
    workload: formatWorkload(load.workload),
    hold: 0,
    processes: load.loadProcesses,
    'run-folder': folder,
    host,
  };
  // As one word each: a value may begin with a hyphen.
  return [...Object.entries(options).map(([name, value]) => `--${name}=${value}`), ...load.connectionWords];
}
