import type { Summary } from './summary.ts';

/**
 * A pause of the generator's loop shorter than this invalidates nothing: where processors are shared, a process that was preempted waits
 * its turn behind several others, for some milliseconds each.
 */
export const generatorPauseFloorMicros = 25_000;

/** An iteration of the generator's loop above this share of the p99 it measured invalidates: a whole broadcast may have arrived in it and been seen late. */
export const iterationShareInvalid = 0.5;

/** Why the latencies of a run may be the load generator's own; null when they are not. */
export function whyLate({ generator, phases }: Pick<Summary, 'generator' | 'phases'>): string | null {
  const tails = phases.flatMap(({ latencyMicros }) => latencyMicros.p99 ?? []);
  const least = Math.min(...tails);
  const late = Math.max(generator.latenessMicros.p99 ?? 0, generator.turnMicros.p99 ?? 0);
  if (tails.length === 0 || late <= generatorPauseFloorMicros || late <= least * iterationShareInvalid) return null;
  return `the load generator was late by ${(late / 1000).toFixed(1)} ms (p99) where it measured a p99 of ${(least / 1000).toFixed(1)} ms`;
}
