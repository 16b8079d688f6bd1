import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { flagsOf, layerEnvironment, type ServerLayers } from '../../assets/host/programs/server-start.ts';
import type { BuiltServer } from './built-server.ts';
import { patienceMillis, within } from './client/deadline.ts';

/** How a server is started, beside what its folder says. */
export interface StartOptions extends Partial<ServerLayers> {
  /** The address to listen on; 127.0.0.1 when it is left out. */
  readonly address?: string;
}

/** The listen backlog that servers are started with here: more than runtimes take by themselves (Node 511, Netty 1024). */
export const verifyBacklog = 2000;

/** A line of the server's standard output that is JSON: `listening` or `stopped`. */
export type ServerEvent = Readonly<Record<string, unknown>>;

/** How a server's process ended, and everything that it printed. */
export interface ServerEnd {
  /** Exit code, or the name of the signal that ended it. */
  readonly exit: number | string;
  readonly events: readonly ServerEvent[];
  readonly stderr: string;
}

/** Ends each server that runs, and removes its folder. */
const leaveAtExit = new Set<() => void>();
process.on('exit', () => leaveAtExit.forEach((leave) => leave()));

/** A server that was started and has not been waited for. */
export class ServerProcess {
  readonly port: number;
  readonly isSecure: boolean;
  readonly deflates: boolean;
  /** Settles when the process has ended. */
  readonly end: Promise<ServerEnd>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #events: ServerEvent[] = [];
  #stderr = '';
  #ended = false;
  #stopped = false;

  constructor(server: BuiltServer, port: number, options: StartOptions = {}) {
    this.port = port;
    this.isSecure = options.isSecure ?? false;
    this.deflates = options.deflates ?? false;
    const temporary = mkdtempSync(join(tmpdir(), 'c1m-verify-'));
    const environment = {
      PATH: process.env['PATH'] ?? '',
      HOME: temporary,
      TMPDIR: temporary,
      C1M_BUILD: server.build,
      C1M_PORT: String(port),
      C1M_ADDRESS: options.address ?? '127.0.0.1',
      C1M_BACKLOG: String(verifyBacklog),
      // The smallest heap shows soonest what is kept or grows.
      C1M_FLAGS: flagsOf(server.description, 'small', this.isSecure),
      ...layerEnvironment(server.description, temporary, this),
    };
    // It ends with this process, however that ends; its folder goes unless that is killed.
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', join(server.source, 'start')], {
      cwd: server.source,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const leave = (): void => {
      this.#child.kill('SIGKILL');
      rmSync(temporary, { recursive: true, force: true, maxRetries: 3 });
    };
    leaveAtExit.add(leave);
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const event = parseEvent(line);
      if (event !== null) this.#events.push(event);
      this.#child.emit('c1m-line');
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-8192);
    });
    this.end = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#ended = true;
        leaveAtExit.delete(leave);
        leave();
        resolve({ exit: code ?? signal ?? 'unknown', events: this.#events, stderr: this.#stderr.trim() });
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** It was told to stop. */
  get wasStopped(): boolean {
    return this.#stopped;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** The `listening` event; fails when the process ends without it. */
  async listening(): Promise<ServerEvent> {
    const wait = new Promise<ServerEvent>((resolve, reject) => {
      const look = () => {
        const found = this.#events.find((event) => event['event'] === 'listening');
        if (found !== undefined) resolve(found);
      };
      this.#child.on('c1m-line', look);
      look();
      void this.end.then(({ exit, stderr }) => reject(new Error(`ended with ${exit} before it listened: ${stderr}`)));
    });
    return within(wait, 'line that says listening', 30_000);
  }

  /** Sends SIGTERM and waits for the end; kills what has not ended in twice the contract's 10 s. */
  async stop(): Promise<ServerEnd> {
    this.terminate();
    try {
      return await within(this.end, 'end after SIGTERM', 2 * patienceMillis);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** Sends SIGTERM. */
  terminate(): void {
    this.#stopped = true;
    this.#child.kill('SIGTERM');
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.end;
  }

  /** Open files of the process. */
  openFiles(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** Memory that is the process's own, resident, in bytes. */
  anonymousBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }
}

/** Starts a server on a free port of 127.0.0.1 and waits until it listens. */
export async function startServer(server: BuiltServer, options: StartOptions = {}): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const started = new ServerProcess(server, await freePort(), options);
    try {
      await started.listening();
      return started;
    } catch (error) {
      const ended = started.hasEnded;
      await started.kill();
      // Somebody else may have taken the port since it was found free.
      if (attempt === 3 || !ended) throw error;
    }
  }
}

/** A port that nobody listened on a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('the kernel gave no port');
  return address.port;
}

function parseEvent(line: string): ServerEvent | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as ServerEvent) : null;
  } catch {
    return null;
  }
}
