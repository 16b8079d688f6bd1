import { readFileSync } from 'node:fs';

/** Descriptors that a load process needs besides its connections. */
export const reservedDescriptors = 64;

/** More than this a process would leave other processors idle. */
const connectionsAProcess = 100_000;

/** How many descriptors a process may have here: Node raises its own soft limit to the hard one when it starts. */
export function openFilesLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
  return soft === undefined || soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft);
}

/** Load processes that so many connections from this machine take. */
export function processesFor(connections: number): number {
  return Math.ceil(connections / Math.min(connectionsAProcess, openFilesLimit() - reservedDescriptors));
}
