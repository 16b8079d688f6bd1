import type { FailureCause, FailureCounts } from '../raw.ts';
import type { PhaseOf } from '../workload/phase-kinds.ts';
import type { PhaseContext, PhaseRun, PhaseTimes } from './phase-run.ts';
import { returnPolicies, Returns } from './returns.ts';

/** What one load process measured of a restart of the server. */
export interface RestartRaw {
  /** Connections that were lost, and those that were back before the phase ended. */
  readonly lostConnections: number;
  readonly back: number;
  readonly attempts: number;
  readonly failures: FailureCounts;
  /** When the first was lost: microseconds of the host's monotonic clock; null when none was. */
  readonly firstLostMicros: number | null;
  /** From the loss of a connection until its client was back. */
  readonly latency: string;
}

/** Clients whose server is killed and started again: each comes back when its connection is lost. */
export class Restart implements PhaseRun<RestartRaw> {
  /** Losses are what it is about: they do not count as connections lost. */
  readonly expectsLoss = true;
  readonly #context: PhaseContext;
  readonly returns: Returns;
  #beginMicros = 0;
  #lost = 0;
  #firstLostMicros: number | null = null;

  constructor(phase: PhaseOf<'restart'>, context: PhaseContext) {
    this.#context = context;
    this.returns = new Returns(context, returnPolicies[phase.backoff]);
  }

  start({ beginMicros }: PhaseTimes): void {
    this.#beginMicros = beginMicros;
  }

  run(now: number): number {
    return this.returns.run(now);
  }

  lost(fd: number, _cause: FailureCause, now: number): void {
    this.#lost += 1;
    this.#firstLostMicros ??= Math.round(now);
    this.returns.add(this.#context.connections.table.connection[fd]!, now);
  }

  sentAll(): boolean {
    return true;
  }

  waiting(): number {
    return this.returns.waiting;
  }

  get lastActivityMicros(): number {
    return Math.max(this.#beginMicros, this.returns.lastBackMicros);
  }

  counts(): Readonly<Record<string, number>> {
    return { lost: this.#lost, back: this.returns.back };
  }

  raw(): RestartRaw {
    return {
      lostConnections: this.#lost,
      back: this.returns.back,
      attempts: this.returns.attempts,
      failures: this.returns.failures,
      firstLostMicros: this.#firstLostMicros,
      latency: this.returns.latency,
    };
  }
}
