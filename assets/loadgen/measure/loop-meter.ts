import { Histogram } from './histogram.ts';
import { generatorPauseFloorMicros } from './why-late.ts';

/** While a workload runs, the loop is due this often even when it only receives: a process that stands still is noticed. */
const beatMicros = 100_000;

/** How well a process keeps up: what it measures can be no better than this. Microseconds. */
export class LoopMeter {
  readonly iteration = new Histogram();
  readonly schedulingDelay = new Histogram();
  /** Whether a phase of the workload runs: the maxima below count only then. */
  driving = false;
  #beatDue = Infinity;
  #beginMicros = 0;
  /** The longest iteration and the greatest scheduling delay of the phase that runs, or ran last. */
  maxIteration = 0;
  maxSchedulingDelay = 0;
  /** How many pieces of work of that phase were begun so late that it may matter. */
  lateWork = 0;

  /** A phase is to begin at a time: what is prepared for it before then is in nobody's way. */
  begin(beginMicros: number): void {
    this.driving = true;
    this.#beginMicros = beginMicros;
    this.maxIteration = 0;
    this.maxSchedulingDelay = 0;
    this.lateWork = 0;
  }

  /** The greatest of that phase, as its raw part has them. */
  get phaseMost(): { readonly maxTurnMicros: number; readonly maxLatenessMicros: number } {
    return { maxTurnMicros: this.maxIteration, maxLatenessMicros: this.maxSchedulingDelay };
  }

  /** One iteration of the loop, from when it woke to its end. */
  tookIteration(wokeMicros: number, endedMicros: number): void {
    const micros = endedMicros - wokeMicros;
    this.iteration.record(micros);
    if (this.driving && wokeMicros >= this.#beginMicros && micros > this.maxIteration)
      this.maxIteration = Math.round(micros);
  }

  /** Timed work was begun so long after it was due. */
  wasDelayed(micros: number): void {
    this.#cameLate(micros);
    if (this.driving && micros > generatorPauseFloorMicros) this.lateWork += 1;
  }

  #cameLate(micros: number): void {
    this.schedulingDelay.record(micros);
    if (this.driving && micros > this.maxSchedulingDelay) this.maxSchedulingDelay = Math.round(micros);
  }

  /** Timed work that does nothing but be late; when it is next due. */
  readonly beat = (now: number): number => {
    if (!this.driving) {
      this.#beatDue = Infinity;
      return Infinity;
    }
    if (now >= this.#beatDue) this.#cameLate(now - this.#beatDue);
    if (now >= this.#beatDue || this.#beatDue === Infinity)
      this.#beatDue = Math.max(now, this.#beginMicros) + beatMicros;
    return this.#beatDue;
  };
}
