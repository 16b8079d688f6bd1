import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A control group that limits the memory of the processes put into it. */
export interface MemoryGroup {
  add(pid: number): void;
  /** Removes it; all its processes must have ended. */
  remove(): void;
}

const roots = [
  { folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { folder: '/sys/fs/cgroup', limit: 'memory.max' },
] as const;

/** Makes a group of a name of its own; null where this user may not, or the kernel has none. */
export function makeMemoryGroup(name: string, bytes: number): MemoryGroup | null {
  for (const { folder, limit } of roots) {
    const group = join(folder, name);
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    if (existsSync(join(group, limit))) {
      writeFileSync(join(group, limit), String(bytes));
      return {
        add: (pid) => writeFileSync(join(group, 'cgroup.procs'), String(pid)),
        remove: () => rmdirSync(group),
      };
    }
    rmdirSync(group);
  }
  return null;
}
