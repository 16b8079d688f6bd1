import type { Summary } from './summary.ts';

/**
 * A pause of the generator's loop shorter than this invalidates nothing: where processors are shared, a process that was preempted waits
 * its turn behind several others, for some milliseconds each.
 */
export const generatorPauseFloorMicros = 25_000;

/** An iteration of the generator's loop above this share of the p99 it measured invalidates: a whole broadcast may have arrived in it and been seen late. */
export const iterationShareInvalid = 0.5;

/**
 * By how much the load generator was late (p99), but not by more than while it measured latencies: many TLS handshakes in one iteration
 * delay none of these. Null where nothing was due.
 */
export function latenessOf({ generator, phases }: Pick<Summary, 'generator' | 'phases'>): number | null {
  const [delay, iteration] = [generator.latenessMicros.p99, generator.turnMicros.p99];
  if (delay === null) return null;
  const measured = phases.filter(({ latencyMicros }) => latencyMicros.p99 !== null);
  const most = measured.length === 0 ? Infinity : Math.max(...measured.map((phase) => phase.longestPauseMicros));
  return Math.min(Math.max(delay, iteration ?? 0), most);
}

/** Why the latencies of a run may be the load generator's own; null when they are not. */
export function whyLate(summary: Pick<Summary, 'generator' | 'phases'>): string | null {
  const tails = summary.phases.flatMap(({ latencyMicros }) => latencyMicros.p99 ?? []);
  const least = Math.min(...tails);
  const late = latenessOf(summary) ?? 0;
  if (tails.length === 0 || late <= generatorPauseFloorMicros || late <= least * iterationShareInvalid) return null;
  return `the load generator was late by ${(late / 1000).toFixed(1)} ms (p99) where it measured a p99 of ${(least / 1000).toFixed(1)} ms`;
}
