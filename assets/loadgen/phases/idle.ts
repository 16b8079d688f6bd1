import { countCause } from '../measure/failure-causes.ts';
import type { FailureCause, FailureCounts } from '../raw.ts';
import type { PhaseOf } from '../workload/phase-kinds.ts';
import type { PhaseContext, PhaseRun, PhaseTimes } from './phase-run.ts';

/** What one load process measured of a phase in which nothing is done. */
export interface IdleRaw {
  /** Connections that were open when it began. */
  readonly held: number;
  /** Those of them that were lost meanwhile, by cause. */
  readonly lost: FailureCounts;
}

/** Connections that are held, and nothing else. */
export class Idle implements PhaseRun<IdleRaw> {
  readonly #held: number;
  readonly #lost: { [cause in FailureCause]?: number } = {};
  #endsMicros = 0;
  lastActivityMicros = 0;

  constructor(_phase: PhaseOf<'idle'>, { open }: PhaseContext) {
    this.#held = open();
  }

  start({ beginMicros, endsMicros }: PhaseTimes): void {
    this.lastActivityMicros = beginMicros;
    this.#endsMicros = endsMicros;
  }

  run(now: number): number {
    return now < this.#endsMicros ? this.#endsMicros : Infinity;
  }

  lost(_fd: number, cause: FailureCause): void {
    countCause(this.#lost, cause);
  }

  sentAll(now: number): boolean {
    return now >= this.#endsMicros;
  }

  waiting(): number {
    return 0;
  }

  counts(): Readonly<Record<string, number>> {
    return { held: this.#held };
  }

  raw(): IdleRaw {
    return { held: this.#held, lost: this.#lost };
  }
}
