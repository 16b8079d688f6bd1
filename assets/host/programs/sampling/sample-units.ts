import { SampledProcess } from './sampled-process.ts';
import type { UnitSample } from '../../raw.ts';

/** So many limits are read a sample, in turn: they hardly ever change, and a million connections have many processes. */
const limitsASample = 8;

/** Samples units, each with all processes that descend from its first. */
export class UnitSampler {
  readonly #processes = new Map<number, SampledProcess>();
  #turn = 0;

  /** Memory, processor time and descriptors of units (name to process id); those that are gone are left out. */
  sample(units: ReadonlyMap<string, number>): Readonly<Record<string, UnitSample>> {
    const seen = new Set<number>();
    const trees = [...units].map(([unit, pid]) => ({ unit, pid, processes: this.#tree(pid, seen) }));
    for (const [pid, process] of this.#processes) {
      if (seen.has(pid)) continue;
      process.close();
      this.#processes.delete(pid);
    }
    this.#readLimits();
    return Object.fromEntries(
      trees.flatMap(({ unit, pid, processes }) => {
        const sample = this.#sum(pid, processes);
        return sample === null ? [] : [[unit, sample] as const];
      }),
    );
  }

  /** A process and its descendants, which the kernel lists only by parent. */
  #tree(pid: number, seen: Set<number>): readonly SampledProcess[] {
    let process = this.#processes.get(pid);
    if (process === undefined) {
      try {
        process = new SampledProcess(pid);
      } catch {
        return [];
      }
      process.readLimit();
      this.#processes.set(pid, process);
    }
    seen.add(pid);
    const children = process.children();
    return children.length === 0 ? [process] : [process, ...children.flatMap((child) => this.#tree(child, seen))];
  }

  #readLimits(): void {
    const processes = [...this.#processes.values()];
    for (let n = 0; n < Math.min(limitsASample, processes.length); n += 1) {
      processes[this.#turn % processes.length]?.readLimit();
      this.#turn += 1;
    }
  }

  #sum(pid: number, processes: readonly SampledProcess[]): UnitSample | null {
    let [found, stopped] = [false, false];
    let [rssBytes, anonymousBytes, cpuSeconds] = [0, 0, 0];
    let [openFiles, openFilesLimit]: (number | null)[] = [null, null];
    for (const process of processes) {
      const sample = process.sample();
      if (sample === null) {
        // Its number may be another's by the next time.
        process.close();
        this.#processes.delete(process.pid);
        continue;
      }
      found = true;
      stopped ||= sample.stopped;
      rssBytes += sample.rssBytes;
      anonymousBytes += sample.anonymousBytes;
      cpuSeconds += sample.cpuSeconds;
      if (sample.openFiles !== null && sample.openFiles >= (openFiles ?? 0)) {
        ({ openFiles } = sample);
        ({ openFilesLimit } = process);
      }
    }
    return found
      ? {
          pid,
          rssBytes,
          anonymousBytes,
          cpuSeconds,
          openFiles: openFiles ?? null,
          openFilesLimit: openFilesLimit ?? null,
          runnableSeconds: processes[0]?.runnableSeconds() ?? null,
          stopped,
        }
      : null;
  }
}
