import { closeSync, openSync, readSync, statSync } from 'node:fs';
import {
  parseIsStopped,
  parseOpenFilesLimit,
  parseProcessMemory,
  parseProcessSeconds,
  parseRunnableSeconds,
  readText,
} from '../proc.ts';

// The kernel writes any of the files read here into one page.
const page = Buffer.allocUnsafe(4096);

/** What one look at a process tells. */
export interface ProcessSample {
  readonly rssBytes: number;
  readonly anonymousBytes: number;
  readonly cpuSeconds: number;
  /** Null where the kernel does not tell (before 6.2). */
  readonly openFiles: number | null;
  readonly stopped: boolean;
}

/**
 * One process that is looked at again and again. Its files in /proc stay open: finding them is most of what reading them costs, and an
 * open one can never tell of another process that was given the same number.
 */
export class SampledProcess {
  readonly pid: number;
  /** Soft limit of open files, as last read. */
  openFilesLimit: number | null = null;
  readonly #statm: number;
  readonly #stat: number;
  readonly #children: number | null;
  readonly #schedstat: number | null;

  /** Throws when there is no such process. */
  constructor(pid: number) {
    this.pid = pid;
    this.#statm = openSync(`/proc/${pid}/statm`, 'r');
    this.#stat = openSync(`/proc/${pid}/stat`, 'r');
    this.#children = openOrNull(`/proc/${pid}/task/${pid}/children`);
    this.#schedstat = openOrNull(`/proc/${pid}/schedstat`);
  }

  /** Its memory, processor time and descriptors now; null when it has ended. */
  sample(): ProcessSample | null {
    const statm = readAgain(this.#statm);
    const stat = readAgain(this.#stat);
    if (statm === null || stat === null) return null;
    return {
      ...parseProcessMemory(statm),
      cpuSeconds: parseProcessSeconds(stat),
      openFiles: countOpenFiles(this.pid),
      stopped: parseIsStopped(stat),
    };
  }

  /** Processes that it started and that have not ended. Needs CONFIG_PROC_CHILDREN, else none. */
  children(): readonly number[] {
    const text = this.#children === null ? null : readAgain(this.#children);
    return (text ?? '').split(' ').filter(Boolean).map(Number);
  }

  /** How long its first thread has run or waited for a processor. */
  runnableSeconds(): number | null {
    return this.#schedstat === null ? null : parseRunnableSeconds(readAgain(this.#schedstat));
  }

  readLimit(): void {
    const text = readText(`/proc/${this.pid}/limits`);
    if (text !== null) this.openFilesLimit = parseOpenFilesLimit(text);
  }

  close(): void {
    for (const descriptor of [this.#statm, this.#stat, this.#children, this.#schedstat]) {
      if (descriptor !== null) closeSync(descriptor);
    }
  }
}

/**
 * How many descriptors a process has open, without listing them: since Linux 6.2 that is the size of /proc/<pid>/fd. Null before,
 * where the size is 0, and for a process that has ended.
 */
export function countOpenFiles(pid: number): number | null {
  const size = statSync(`/proc/${pid}/fd`, { throwIfNoEntry: false })?.size ?? 0;
  return size > 0 ? size : null;
}

function openOrNull(file: string): number | null {
  try {
    return openSync(file, 'r');
  } catch {
    return null;
  }
}

function readAgain(descriptor: number): string | null {
  try {
    return page.toString('latin1', 0, readSync(descriptor, page, 0, page.length, 0));
  } catch {
    return null;
  }
}
