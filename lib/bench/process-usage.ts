import { readdirSync, readFileSync } from 'node:fs';

/** What a contender has used so far, read from outside: the same instrument for every contender. */
export interface Usage {
  /** Time on a processor, user and kernel, all threads. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** Memory that belongs to the processes alone. */
  readonly anonymousBytes: number;
}

/** Reads the usage of one live process by the scheduler's own account, in nanosecond steps. It must have ended no thread. */
export function usageOf(pid: number): Usage {
  let nanos = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  }
  return { cpuMicros: nanos / 1000, ...memoryOf(pid) };
}

/**
 * Reads the usage of a process and of whatever it started in the same session, ended threads and children that were
 * waited for included. Processor time comes in the kernel's ticks of 10 ms.
 */
export function usageOfSession(session: number): Usage {
  let total: Usage = { cpuMicros: 0, rssBytes: 0, anonymousBytes: 0 };
  for (const { pid, fields } of processesOf(session)) {
    const memory = memoryOf(pid);
    // Fields 14 to 17 of proc(5): utime, stime, cutime, cstime.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    total = {
      cpuMicros: total.cpuMicros + ticks * microsATick,
      rssBytes: total.rssBytes + memory.rssBytes,
      anonymousBytes: total.anonymousBytes + memory.anonymousBytes,
    };
  }
  return total;
}

/** The ids of the processes of a session. */
export function processIdsOf(session: number): readonly number[] {
  return processesOf(session).map(({ pid }) => pid);
}

// USER_HZ, which is 100 on every architecture that Node runs on.
const microsATick = 10_000;

function processesOf(session: number): readonly { readonly pid: number; readonly fields: readonly string[] }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = contentOf(`/proc/${name}/stat`);
      // What follows the name of the program, which may hold spaces and parentheses: field 3 of proc(5) is the first.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(fields[3]) === session ? [{ pid: Number(name), fields }] : [];
    });
}

function memoryOf(pid: number): { readonly rssBytes: number; readonly anonymousBytes: number } {
  const status = contentOf(`/proc/${pid}/status`);
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return { rssBytes: kilobytes('VmRSS') * 1024, anonymousBytes: kilobytes('RssAnon') * 1024 };
}

/** Empty for a process that has ended meanwhile. */
function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
