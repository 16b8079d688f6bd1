import { parseWorkload } from '../../../assets/loadgen/workload/workload.ts';
import type { Phase, Workload } from '../../../assets/loadgen/workload/phase-kinds.ts';

/** The kinds of phases that the reference can run, too. */
const drivenKinds = ['heartbeat', 'churn', 'storm'] as const;

export type DrivenKind = (typeof drivenKinds)[number];

/** Reads a workload of phases that the reference can run, each kind once at most; throws at any other. */
export function parseDrivenWorkload(text: string): Workload {
  const workload = parseWorkload(text);
  for (const [place, phase] of workload.entries()) {
    if (!drivenKinds.some((kind) => kind === phase.kind)) {
      throw new Error(`expected phases of ${drivenKinds.join(', ')}, got '${phase.kind}'`);
    }
    if (workload.findIndex(({ kind }) => kind === phase.kind) < place) throw new Error(`two phases of ${phase.kind}`);
    if (phase.kind === 'storm' && (phase.by !== 'reset' || phase.backoff !== 'none')) {
      throw new Error('the reference runs a storm with by=reset and backoff=none only');
    }
  }
  return workload;
}

/** How many pings are due in a phase, or how many connections are to come back, and how many of them a second. */
export function piecesOf(
  phase: Phase,
  connections: number,
): { readonly count: number; readonly ratePerSecond: number } {
  switch (phase.kind) {
    case 'heartbeat': {
      const ratePerSecond = connections / phase.intervalSeconds;
      return { count: Math.round(ratePerSecond * phase.seconds), ratePerSecond };
    }
    case 'churn':
      return { count: Math.round(phase.ratePerSecond * phase.seconds), ratePerSecond: phase.ratePerSecond };
    case 'storm':
      // All at once.
      return { count: Math.floor((connections * phase.cutPercent) / 100), ratePerSecond: 1e9 };
    default:
      throw new Error(`the reference runs no phase of ${phase.kind}`);
  }
}
