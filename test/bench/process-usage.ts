import { readdirSync, readFileSync } from 'node:fs';

/** What a process has used so far, read from outside: the same instrument for every contender. */
export interface Usage {
  /** Time on a processor, user and kernel, all threads: the scheduler's own account, in nanosecond steps. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** Memory that belongs to the process alone. */
  readonly anonymousBytes: number;
}

/** Reads the usage of a live process. */
export function usageOf(pid: number): Usage {
  let nanos = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  }
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return {
    cpuMicros: nanos / 1000,
    rssBytes: kilobytes('VmRSS') * 1024,
    anonymousBytes: kilobytes('RssAnon') * 1024,
  };
}
