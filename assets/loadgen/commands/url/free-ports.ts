import { Dialer } from '../../connections/dialer.ts';
import type { Target } from '../../connections/target.ts';
import { close } from '../../kernel/libc.ts';
import type { LoadPlan } from '../../plan/share.ts';

/** Ports that even a small run has to choose from: some of any block are taken where others run. */
const portsLeast = 1024;
const blocksMost = 32;
const portsLookedAt = 16;

/**
 * A part of a range that holds twice as many ports as are needed at least: of several, begun at random, the first that is free as far as
 * it is looked at, so that runs beside each other rarely meet. Whatever comes first where none is.
 */
export function freePorts(
  range: LoadPlan['localPorts'],
  needed: number,
  isFree: (port: number) => boolean,
): LoadPlan['localPorts'] {
  const span = Math.max(2 * needed, portsLeast);
  const room = range.last - range.first + 1 - span;
  if (room <= 0) return range;
  const begins = Array.from({ length: blocksMost }, () => range.first + Math.floor(Math.random() * room));
  const looks = Array.from({ length: portsLookedAt }, (_, n) => Math.floor((n * span) / portsLookedAt));
  const first = begins.find((begin) => looks.every((n) => isFree(begin + n))) ?? begins[0]!;
  return { first, last: first + span - 1 };
}

/** Finds out whether connections to a target, from the first of these sources, can have a local port. */
export function portFinder(target: Target, sources: readonly string[]): (port: number) => boolean {
  const dialer = new Dialer(target, sources);
  return (port) => {
    const fd = dialer.bind(0, 0, port, false);
    if (fd >= 0) close(fd);
    return fd >= 0;
  };
}
