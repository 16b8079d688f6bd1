import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { UnitSettings } from './systemd-run.ts';

/** Signals after which systemd takes a service to have ended well (systemd.service(5), SuccessExitStatus=). */
const cleanSignals: readonly string[] = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE'];
/** Signals that leave a core, where the kernel keeps any (signal(7)). */
const coreSignals: readonly string[] = [
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
  'SIGSYS',
];

/** Exit codes of systemd for what goes wrong before the command (systemd.exec(5), "Process Exit Codes"). */
const exitCodes = { chdir: 200, limits: 205, stdout: 209, scheduler: 214, stderr: 222 };

/** Becomes the command with the process's own settings. Raising a hard limit takes a right; without it the limit is the most there is. */
const become = `
[ -z "$1" ] || echo "$1" 2>/dev/null >/proc/self/oom_score_adj || true
ulimit -n "\${2:-none}" 2>/dev/null || ulimit -S -n "$(ulimit -H -n)" || exit ${exitCodes.limits}
[ -z "$3" ] || chrt --batch --pid 0 "$$" || exit ${exitCodes.scheduler}
shift 3
unset OLDPWD PWD SHLVL
exec "$@"`;

/** A unit from its start to its end: the main process, and everything in its process group. */
export class Unit {
  readonly settings: UnitSettings;
  activeState: 'active' | 'deactivating' | 'failed' = 'active';
  subState: 'running' | 'stop-sigterm' | 'failed' = 'running';
  result = 'success';
  /** 1: exited, 2: killed by a signal, 3: killed and left a core; 0 while it runs. */
  mainCode = 0;
  /** The exit code, or the number of the signal. */
  mainStatus = 0;
  /** The main process, also when it has gone; 0 when there has been none. */
  mainPid = 0;
  /** Whether the process could be made. */
  readonly started: Promise<boolean>;
  /** Resolves when nothing of the unit is left, to whether it stays loaded. */
  readonly ended: Promise<boolean>;
  readonly #oomKillsBefore = oomKills();
  #timer: NodeJS.Timeout | undefined;
  #timedOut = false;

  constructor(settings: UnitSettings, journal: string) {
    this.settings = settings;
    const stdout = openFile(settings.standardOutput ?? journal);
    const stderr = settings.standardError === null ? stdout : openFile(settings.standardError);
    const isThere = existsSync(settings.workingDirectory);
    const trouble =
      stdout === null ? exitCodes.stdout : stderr === null ? exitCodes.stderr : isThere ? 0 : exitCodes.chdir;
    const release = (): void => {
      for (const descriptor of new Set([stdout, stderr])) if (descriptor !== null) closeSync(descriptor);
    };
    if (trouble !== 0) {
      release();
      this.started = Promise.resolve(true);
      this.ended = Promise.resolve(this.#finish(1, trouble, 'exit-code'));
      return;
    }
    const { oomScore, openFiles, isBatch, executable, arguments: rest } = settings;
    const child = spawn(
      '/bin/sh',
      ['-c', become, 'sh', oomScore, openFiles, isBatch ? 'batch' : '', executable, ...rest],
      {
        cwd: settings.workingDirectory,
        env: settings.environment,
        // A process group of its own, which stands for the control group.
        detached: true,
        stdio: ['ignore', stdout ?? 'ignore', stderr ?? 'ignore'],
      },
    );
    release();
    this.mainPid = child.pid ?? 0;
    this.started = new Promise((resolve) => {
      child.once('spawn', () => resolve(true));
      child.once('error', () => resolve(false));
    });
    this.ended = new Promise((resolve) => {
      child.once('error', () => resolve(false));
      child.once('exit', (code, signal) => void this.#onExit(code, signal).then(resolve));
    });
    this.#arm(settings.runtimeMillis, () => {
      this.#timedOut = true;
      this.stop();
    });
  }

  /** Ends the unit: SIGTERM, and after its TimeoutStopSec SIGKILL. Being told twice changes nothing. */
  stop(): void {
    if (this.activeState !== 'active') return;
    this.#deactivate();
    this.#terminate();
    this.#arm(this.settings.stopMillis, () => {
      this.#timedOut = true;
      this.signal('SIGKILL');
    });
  }

  /** Sends a signal to every process of the unit, 0 to none of them; false when there is none. */
  signal(signal: NodeJS.Signals | 0): boolean {
    // Once the unit has ended, its number may be another process's.
    if (this.mainPid <= 1 || this.activeState === 'failed') return false;
    try {
      return process.kill(-this.mainPid, signal);
    } catch {
      return false;
    }
  }

  #deactivate(): void {
    this.activeState = 'deactivating';
    this.subState = 'stop-sigterm';
  }

  /** As systemd does, SIGCONT follows, so that a process that was stopped can end. */
  #terminate(): void {
    this.signal('SIGTERM');
    this.signal('SIGCONT');
  }

  #arm(millis: number, callback: () => void): void {
    clearTimeout(this.#timer);
    // setTimeout takes up to 2^31 - 1 milliseconds (24.8 days), which is never for a unit of a run.
    this.#timer = setTimeout(callback, Math.min(millis, 2 ** 31 - 1));
  }

  async #onExit(code: number | null, signal: NodeJS.Signals | null): Promise<boolean> {
    clearTimeout(this.#timer);
    const outcome = signal === null ? this.#afterExit(code ?? 0) : this.#afterSignal(signal);
    await this.#endRest();
    return this.#finish(...outcome);
  }

  #afterExit(code: number): [number, number, string] {
    return code === 0 ? [0, 0, 'success'] : [1, code, 'exit-code'];
  }

  #afterSignal(signal: NodeJS.Signals): [number, number, string] {
    const status = constants.signals[signal];
    if (cleanSignals.includes(signal)) return [2, status, 'success'];
    if (coreSignals.includes(signal) && keepsCores()) return [3, status, 'core-dump'];
    const isForMemory = signal === 'SIGKILL' && oomKills() !== this.#oomKillsBefore;
    return [2, status, isForMemory ? 'oom-kill' : 'signal'];
  }

  /** Ends what the main process has left behind. */
  async #endRest(): Promise<void> {
    if (!this.signal(0)) return;
    this.#deactivate();
    this.#terminate();
    const began = performance.now();
    while (this.signal(0)) {
      await pause(20);
      if (performance.now() - began < this.settings.stopMillis) continue;
      this.#timedOut = true;
      this.signal('SIGKILL');
    }
  }

  #finish(code: number, status: number, result: string): boolean {
    this.mainCode = code;
    this.mainStatus = status;
    this.result = this.#timedOut ? 'timeout' : result;
    this.activeState = 'failed';
    this.subState = 'failed';
    return this.result !== 'success' && !this.settings.collect;
  }
}

/** A descriptor to append to a file; null when it cannot be opened. */
function openFile(file: string): number | null {
  try {
    return openSync(file, 'a');
  } catch {
    return null;
  }
}

/** Processes that the kernel has killed for memory since the machine began. */
function oomKills(): string {
  return /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? '';
}

/** Whether the kernel keeps the core of a process that ends by one of their signals: given to a program, or within the limit (core(5)). */
function keepsCores(): boolean {
  const limit = /^Max core file size\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return readFileSync('/proc/sys/kernel/core_pattern', 'utf8').startsWith('|') || limit !== '0';
}
