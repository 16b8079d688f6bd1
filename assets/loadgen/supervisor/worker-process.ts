import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { extname, join } from 'node:path';
import { compileCacheFolder } from './compile-cache.ts';
import type { Collected, StartLoad, StartPublisher, WorkerOrder, WorkerReport } from './messages.ts';
import { eachJsonLine } from './lines.ts';

// No threads of V8's own, which would cost more to wake than they do, and small spaces: what a worker allocates once
// stays, and it makes no garbage to speak of.
// Maglev's code is good enough beside the kernel's share, and Turbofan's compiling costs more in a ramp than it brings back.
// Until the old space has its initial size it is not searched for garbage: that takes 10 to 40 ms, in the midst of a phase, and finds little.
const nodeFlags = [
  '--single-threaded',
  '--no-turbofan',
  '--max-semi-space-size=1',
  '--initial-old-space-size=64',
  '--no-warnings',
];
// JavaScript in an installed package, where Node takes no TypeScript.
const program = join(import.meta.dirname, `../worker/worker${extname(import.meta.filename)}`);
const stderrMost = 2000;
const lookMillis = 1000;
/** Looks without a report after which a worker, which reports every second, counts as silent. */
const silentLooks = 10;
/** Before the first report, and one more for each process that starts beside it. */
const silentLooksAtStart = 15;

/** Runs a worker without orders, which ends at once, so that many started together find their program compiled. */
export function warmCompileCache(): void {
  spawnSync(process.execPath, [...nodeFlags, program], { stdio: 'ignore', env: environment() });
}

function environment(): NodeJS.ProcessEnv {
  const folder = compileCacheFolder();
  return folder === null ? process.env : { ...process.env, NODE_COMPILE_CACHE: folder };
}

/** A load process or the publisher, as its supervisor sees it. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Resolves with a sentence when the process is gone. */
  readonly ended: Promise<string>;
  /** Whether it should have reported long ago: it is stopped, or hangs. */
  readonly silent: boolean;
  send(order: WorkerOrder): void;
  /** Orders it to deliver what it has measured, to a file or (null) as the answer; null when it is gone or silent. */
  collect(file: string | null): Promise<Collected | null>;
  kill(): void;
}

/**
 * Starts a worker. It is in a session of its own, so that Ctrl-C at a terminal reaches the supervisor only; when the
 * supervisor goes, its control pipe ends, and so does it.
 */
export function startWorker(
  start: StartLoad | StartPublisher,
  onReport: (report: Exclude<WorkerReport, Collected>) => void,
  onTrouble: (how: string) => void,
): WorkerProcess {
  const child: ChildProcess = spawn(process.execPath, [...nodeFlags, program], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: environment(),
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    stderr = (stderr + piece).slice(-stderrMost);
  });
  // Counted in looks, not by the clock: a supervisor that was stopped itself must not take its workers' silence for theirs.
  let looksAllowed = silentLooksAtStart + (start.type === 'load' ? start.plan.processes : 0);
  let looks = 0;
  const collecting: ((answer: Collected | null) => void)[] = [];
  const giveUpCollecting = (): void => {
    for (const resolve of collecting.splice(0)) resolve(null);
  };
  if (child.stdout !== null) {
    eachJsonLine(child.stdout, (message) => {
      const report = message as WorkerReport;
      looks = 0;
      looksAllowed = silentLooks;
      if (report.type === 'collected') collecting.shift()?.(report);
      else onReport(report);
    });
  }
  const watch = setInterval(() => {
    looks += 1;
    if (looks === looksAllowed) onTrouble(`has been silent for ${looksAllowed} s`);
    if (looks >= looksAllowed) giveUpCollecting();
  }, lookMillis);
  // A worker that has died takes no more orders; its end is told by `ended`.
  child.stdin?.on('error', () => undefined);
  const send = (order: WorkerOrder): void => {
    if (child.stdin?.writable !== true) return;
    // In ASCII: the worker reads in pieces, which end anywhere.
    const line = JSON.stringify(order).replaceAll(
      /[\u0080-\uffff]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    child.stdin.write(`${line}\n`);
  };
  let gone = false;
  const ended = new Promise<string>((resolve) => {
    const end = (how: string): void => {
      gone = true;
      clearInterval(watch);
      giveUpCollecting();
      onTrouble(how);
      resolve(how);
    };
    child.on('error', (error) => end(`could not be started: ${error.message}`));
    child.on('close', (code, signal) => {
      const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
      end(stderr === '' ? how : `${how}: ${firstErrorLine(stderr)}`);
    });
  });
  send(start);
  return {
    pid: child.pid,
    ended,
    get silent() {
      return looks >= looksAllowed;
    },
    send,
    async collect(file) {
      if (gone) return null;
      return new Promise((resolve) => {
        collecting.push(resolve);
        send({ type: 'collect', file });
      });
    },
    kill: () => child.kill('SIGKILL'),
  };
}

function firstErrorLine(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /Error|out of memory/.test(line)) ?? lines.at(-1) ?? '';
}
