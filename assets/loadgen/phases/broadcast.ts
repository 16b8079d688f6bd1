import type { PhaseOf } from '../workload/phase-kinds.ts';
import type { BroadcastArrivalsRaw } from './broadcast-log.ts';
import type { PhaseContext, PhaseRun, PhaseTimes } from './phase-run.ts';

/** One publication, by the process that published: one for each server port. */
export interface PublicationRaw {
  readonly seq: number;
  readonly port: number;
  readonly dueMicros: number;
  /** When the frame was handed to the kernel; the difference to dueMicros is how late the generator published it. */
  readonly sentMicros: number;
  /** The server's own answer, null when none came. */
  readonly answer: { readonly members: number; readonly failed: number; readonly elapsedMicros: number } | null;
}

/** What one process measured of a phase of broadcasts: a load process the arrivals, the publisher the publications. */
export interface BroadcastRaw {
  readonly broadcasts: readonly BroadcastArrivalsRaw[];
  readonly publications: readonly PublicationRaw[];
}

/** Broadcasts as their members get them; the publisher is a process of its own. */
export class Broadcast implements PhaseRun<BroadcastRaw> {
  readonly #phase: PhaseOf<'broadcast'>;
  readonly #context: PhaseContext;
  #endsMicros = 0;
  // From the due time of the first one on.
  #beginMicros = 0;

  constructor(phase: PhaseOf<'broadcast'>, context: PhaseContext) {
    this.#phase = phase;
    this.#context = context;
  }

  start({ beginMicros, endsMicros }: PhaseTimes): void {
    this.#beginMicros = beginMicros;
    this.#endsMicros = endsMicros;
    this.#context.broadcasts.expect(this.#context.firstSeq, this.#phase.times);
  }

  /** Nothing to do, but that the last one has been due is to be noticed. */
  run(now: number): number {
    return now < this.#endsMicros ? this.#endsMicros : Infinity;
  }

  /** Broadcasts have been taken before. */
  message(): boolean {
    return false;
  }

  sentAll(now: number): boolean {
    return now >= this.#endsMicros;
  }

  waiting(): number {
    return this.#context.broadcasts.pending();
  }

  get lastActivityMicros(): number {
    return Math.max(this.#beginMicros, this.#context.broadcasts.lastArrivalMicros);
  }

  gatherMicros(now: number, hadArrivals: boolean): number {
    return this.#context.broadcasts.gatherMicros(now, hadArrivals);
  }

  counts(): Readonly<Record<string, number>> {
    return { received: this.#context.broadcasts.receivedOf(this.#context.firstSeq, this.#phase.times) };
  }

  raw(): BroadcastRaw {
    const { broadcasts, firstSeq, open } = this.#context;
    return { broadcasts: broadcasts.raw(firstSeq, this.#phase.times, open()), publications: [] };
  }
}
