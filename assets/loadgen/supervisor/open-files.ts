import { readFileSync } from 'node:fs';

/** Descriptors that a load process needs besides its connections. */
export const reservedDescriptors = 64;

/** How many descriptors a process may have here: Node raises its own soft limit to the hard one when it starts. */
export function openFilesLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
  return soft === undefined || soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft);
}
