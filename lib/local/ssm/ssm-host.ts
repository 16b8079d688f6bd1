import type { Readable } from 'node:stream';

/** A managed node as the local SSM sees it: whatever can hold a script file and run it. */
export interface SsmHost {
  /** `i-` with 8 or 17 hexadecimal digits. */
  readonly instanceId: string;
  /** The host's name, which SSM shows as ComputerName. */
  readonly name: string;
  /** What `Targets` with `tag:<key>` look at. */
  readonly tags: Readonly<Record<string, string>>;
  /** What the agent finds out about the operating system, such as `Amazon Linux` and `2023`. */
  readonly platform: { readonly name: string; readonly version: string };
  /** The agent's own environment: every script inherits it. Without HOME, as on EC2, where the agent is a system service. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether the agent can be reached; one that is lost never comes back. */
  readonly isOnline: () => boolean;
  /**
   * Writes an executable file (mode 0700) that the host can see. `name` is a relative path of letters, digits and `./_-`; so must be
   * the path on the host, since `sh -c` reads it.
   */
  writeScript(name: string, content: string): Promise<HostScript>;
  /** Starts a program as the leader of its own process group, standard input from /dev/null. */
  spawn(argv: readonly [string, ...string[]], options: SpawnOptions): SsmProcess;
}

/** A script file on a host. */
export interface HostScript {
  /** Absolute, as the host sees it. */
  readonly path: string;
  readonly remove: () => Promise<void>;
}

export interface SpawnOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute, as the host sees it. */
  readonly workingDirectory: string;
  /** `load`: only the network of the lab. `management`: with a way to the internet as well, as a build needs it. */
  readonly network: 'load' | 'management';
}

/** A process that was started on a host. */
export interface SsmProcess {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the started process itself ends; rejects with a message for people when it could not be started. */
  readonly exited: Promise<SsmProcessExit>;
  /** Sends SIGKILL to the process group, also after its leader has ended. */
  readonly killGroup: () => void;
}

/** How a process ended: `signal` is null unless a signal killed it, `code` is null if one did. */
export interface SsmProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}
