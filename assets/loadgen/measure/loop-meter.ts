import { Histogram } from './histogram.ts';

/** While a workload runs, the loop is due this often even when it only receives: a process that stands still is noticed. */
const beatMicros = 100_000;

/** How well a process keeps up: what it measures can be no better than this. Microseconds. */
export class LoopMeter {
  readonly turn = new Histogram();
  readonly lateness = new Histogram();
  /** Whether a phase of the workload runs: the maxima below count only then. */
  driving = false;
  #beatDue = Infinity;
  /** The longest turn and the greatest lateness of the phase that runs, or ran last. */
  maxTurn = 0;
  maxLateness = 0;

  /** A phase begins. */
  begin(): void {
    this.driving = true;
    this.maxTurn = 0;
    this.maxLateness = 0;
  }

  /** One turn of the loop took so long. */
  tookTurn(micros: number): void {
    this.turn.record(micros);
    if (this.driving && micros > this.maxTurn) this.maxTurn = Math.round(micros);
  }

  /** Timed work was begun so long after it was due. */
  wasLate(micros: number): void {
    this.lateness.record(micros);
    if (this.driving && micros > this.maxLateness) this.maxLateness = Math.round(micros);
  }

  /** Timed work that does nothing but be late; when it is next due. */
  readonly beat = (now: number): number => {
    if (!this.driving) {
      this.#beatDue = Infinity;
      return Infinity;
    }
    if (now >= this.#beatDue) this.wasLate(now - this.#beatDue);
    if (now >= this.#beatDue || this.#beatDue === Infinity) this.#beatDue = now + beatMicros;
    return this.#beatDue;
  };
}
