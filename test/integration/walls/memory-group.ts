import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A control group that limits the memory of the processes put into it. */
export interface MemoryGroup {
  add(pid: number): void;
  /** How many of its processes the kernel has killed for memory. */
  kills(): number;
  /** Removes it; all its processes must have ended. */
  remove(): void;
}

const roots = [
  { folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', events: 'memory.oom_control' },
  { folder: '/sys/fs/cgroup', limit: 'memory.max', events: 'memory.events' },
] as const;

/** Makes a group of a name of its own; null where this user may not, or the kernel has none. */
export function makeMemoryGroup(name: string, bytes: number): MemoryGroup | null {
  for (const { folder, limit, events } of roots) {
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
        kills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(group, events), 'utf8'))?.[1] ?? 0),
        remove: () => rmdirSync(group),
      };
    }
    rmdirSync(group);
  }
  return null;
}
