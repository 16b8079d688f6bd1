import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The programs that local hosts are made with, and the packages that hold them. */
export const neededPrograms = ['bash', 'unshare', 'nsenter', 'setsid', 'mount', 'ip'] as const;

export type NeededProgram = (typeof neededPrograms)[number];

/** What decides whether this machine allows namespaces. Settings that the kernel does not have are null. */
export interface NamespaceFacts {
  readonly platform: string;
  readonly isRoot: boolean;
  /** Paths of the programs that were found. */
  readonly programs: Readonly<Partial<Record<NeededProgram, string>>>;
  readonly hasOpt: boolean;
  /** Whether the kernel has user namespaces at all. */
  readonly hasUserNamespaces: boolean;
  /** user.max_user_namespaces */
  readonly maxUserNamespaces: number | null;
  /** user.max_net_namespaces */
  readonly maxNetNamespaces: number | null;
  /** kernel.unprivileged_userns_clone (Debian's and Arch's kernels) */
  readonly unprivilegedClone: number | null;
  /** kernel.apparmor_restrict_unprivileged_userns (Ubuntu 23.10 and newer) */
  readonly apparmorRestricts: number | null;
  /** How many processes and threads this user may still start; null where there is no limit, as for root. */
  readonly processesLeft: number | null;
  /** Whether this is a container, where the kernel's own settings may be fine and the container's filter is not. */
  readonly inContainer: boolean;
}

/** Reads the facts of this machine; `searchPath` is the PATH in which programs are looked for. */
export function readNamespaceFacts(searchPath: string): NamespaceFacts {
  const programs: Partial<Record<NeededProgram, string>> = {};
  for (const program of neededPrograms) {
    const found = findProgram(program, searchPath);
    if (found !== undefined) programs[program] = found;
  }
  return {
    platform: process.platform,
    isRoot: process.geteuid?.() === 0,
    programs,
    hasOpt: existsSync('/opt'),
    hasUserNamespaces: existsSync('/proc/self/ns/user'),
    maxUserNamespaces: readNumber('/proc/sys/user/max_user_namespaces'),
    maxNetNamespaces: readNumber('/proc/sys/user/max_net_namespaces'),
    unprivilegedClone: readNumber('/proc/sys/kernel/unprivileged_userns_clone'),
    apparmorRestricts: readNumber('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
    processesLeft: process.geteuid?.() === 0 ? null : readProcessesLeft(),
    inContainer: ['/.dockerenv', '/run/.containerenv'].some((file) => existsSync(file)),
  };
}

/** Finds a program; /sbin and /usr/sbin are looked through too, since an ordinary user's PATH often lacks them. */
function findProgram(program: string, searchPath: string): string | undefined {
  return [...searchPath.split(':'), '/usr/sbin', '/sbin']
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => path.join(folder, program))
    .find((candidate) => {
      try {
        accessSync(candidate, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function readNumber(file: string): number | null {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** The limit of processes (ulimit -u, RLIMIT_NPROC), less the threads that this user has; null without a limit. */
function readProcessesLeft(): number | null {
  const limit = /^Max processes\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  if (limit === undefined) return null;
  const user = process.getuid?.() ?? 0;
  const threads = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .reduce((sum, pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        const isOwn = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]) === user;
        return isOwn ? sum + Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 0) : sum;
      } catch {
        // It has ended meanwhile.
        return sum;
      }
    }, 0);
  return Math.max(0, Number(limit) - threads);
}
