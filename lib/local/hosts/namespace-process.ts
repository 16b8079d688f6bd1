import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Socket } from 'node:net';

/** A script that keeps namespaces alive and takes and prints lines: it ends when its standard input is closed. */
export interface NamespaceProcess {
  /** Its process id as the operator sees it; `/proc/<pid>/ns` are the namespaces. */
  readonly pid: number;
  /** Writes a line to it. */
  send(line: string): void;
  /** Resolves when it has printed this line; rejects when it ends instead, or says nothing for 30 s, with what it wrote to standard error. */
  waitForLine(line: string): Promise<void>;
  isAlive(): boolean;
  /** Lets the operator's process end although this one runs: it then ends too. */
  unref(): void;
  /** Closes its standard input and resolves when it has ended; kills it when it has not after a second. */
  close(): Promise<void>;
}

/** How long the first process of a namespace may take to end once its standard input is closed. */
const closeMillis = 1000;

/** How long a line may take to be printed: mounts and addresses of a host take some tens of milliseconds. */
const lineMillis = 30_000;

/** Starts a namespace process: `argv` is `unshare … bash script …`. Rejects when it cannot be started. */
export async function startNamespaceProcess(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<NamespaceProcess> {
  const [program = '', ...args] = argv;
  // A session of its own: Ctrl-C at the terminal reaches the operator's process only, which then ends things in order.
  const child = spawn(program, args, { env: { ...env }, cwd: '/', detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });

  const lines = new Set<string>();
  const waiting = new Set<() => void>();
  let errors = '';
  let ended = false;
  const notify = (): void => waiting.forEach((check) => check());
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.add(line);
    notify();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  // Writing to a process that has just ended is not an error of its own: whoever waits for an answer hears of it.
  child.stdin.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => {
      ended = true;
      notify();
      resolve();
    });
  });

  return {
    pid: child.pid ?? 0,
    send: (line) => {
      child.stdin.write(`${line}\n`);
    },
    waitForLine: (line) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(errors.trim() || `it has not printed '${line}' after ${lineMillis / 1000} s`));
        }, lineMillis);
        const check = (): void => {
          if (!lines.has(line) && !ended) return;
          clearTimeout(timer);
          waiting.delete(check);
          if (lines.has(line)) resolve();
          else reject(new Error(errors.trim() || `ended with ${child.exitCode ?? child.signalCode}`));
        };
        waiting.add(check);
        check();
      }),
    isAlive: () => child.exitCode === null && child.signalCode === null,
    unref: () => {
      child.unref();
      for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as Socket).unref();
    },
    close: async () => {
      child.ref();
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), closeMillis);
      await closed;
      clearTimeout(timer);
    },
  };
}
