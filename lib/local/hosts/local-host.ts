import type { Readable } from 'node:stream';
import type { Host } from '../../config/hosts.ts';

/** How a command is run on a local host. */
export interface HostCommandOptions {
  /** Added to the host's own variables (PATH, LANG, LC_ALL, TMPDIR, the operator's proxies and registries); there is no HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** A folder of the host. Default: `/`. */
  readonly cwd?: string;
  /** `load`: only the lab's own network. `management`: the operator's network, as builds need it. Default: `load`. */
  readonly network?: 'load' | 'management';
}

/** How a command ended: with an exit code, or by a signal. */
export interface HostProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A command that runs on a local host, in a session and process group of its own; its standard input is /dev/null. */
export interface HostProcess {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the command itself has ended; what it left in the background may still hold its output. */
  readonly exited: Promise<HostProcessExit>;
  /** Resolves when the command has ended and nobody holds its standard output and error any more. */
  readonly closed: Promise<HostProcessExit>;
  /**
   * Sends a signal to the command's process group, also when only background processes of it are left. Default: SIGTERM. SIGKILL ends
   * the command for its caller, too, whatever holds it up.
   */
  kill(signal?: NodeJS.Signals): void;
}

/** A host of the local lab: the host of the same name in the lab's configuration, and how to use it. */
export interface LocalHost extends Host {
  /** Whether its first process is there; a host that is not alive runs nothing. */
  isAlive(): boolean;
  /** Runs a command (found on the host's PATH). Throws a LabError when the host is gone. */
  spawn(argv: readonly string[], options?: HostCommandOptions): HostProcess;
  /** Where the operator finds an absolute path of the host, readable and writable as long as the host is alive. */
  path(hostPath: string): string;
}
