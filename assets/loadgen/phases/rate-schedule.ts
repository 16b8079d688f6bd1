import type { LoopMeter } from '../measure/loop-meter.ts';
import type { PhaseTimes } from './phase-run.ts';

/** Part of a piece of work that is no more than the rounding of a product. */
const rounding = 1e-6;

/** Work that is due at a steady rate, whatever has come of what was due before (open loop). */
export class RateSchedule {
  readonly #meter: LoopMeter;
  #firstMicros = 0;
  #microsBetween = 0;
  /** How much is due in all. */
  count = 0;
  /** How much has been taken so far, which is the number of the next, from 0. */
  taken = 0;

  /** `meter` hears how late each piece of work is begun. */
  constructor(meter: LoopMeter) {
    this.#meter = meter;
  }

  /**
   * From the beginning of the phase on, `perSecond` pieces of work a second for so many seconds. Processes take turns: what all of them
   * have to do is due evenly, and is in all what the lab was asked for.
   */
  start({ beginMicros, before }: PhaseTimes, perSecond: number, seconds: number): void {
    this.#microsBetween = 1e6 / perSecond;
    this.#firstMicros = beginMicros + before * this.#microsBetween;
    this.count = Math.max(0, Math.ceil(perSecond * seconds - before - rounding));
  }

  get isDone(): boolean {
    return this.taken >= this.count;
  }

  /** When the n-th is due: microseconds of the monotonic clock. */
  dueMicros(n: number): number {
    return this.#firstMicros + n * this.#microsBetween;
  }

  /** Which piece of work is due at a time, to the nearest. */
  numberAt(micros: number): number {
    return Math.round((micros - this.#firstMicros) / this.#microsBetween);
  }

  /**
   * Takes the next piece of work when it is due, and gives its due time; -1 when there is none yet, or none any more. Where it could not
   * be begun before `possibleMicros`, it is late from then on only.
   */
  take(now: number, possibleMicros = 0): number {
    if (this.isDone) return -1;
    const due = this.dueMicros(this.taken);
    if (due > now) return -1;
    this.#meter.wasDelayed(now - (due > possibleMicros ? due : possibleMicros));
    this.taken += 1;
    return due;
  }

  /** When there is something to take again; Infinity when all is done. */
  nextMicros(now: number): number {
    if (this.isDone) return Infinity;
    const due = this.dueMicros(this.taken);
    return due > now ? due : now;
  }
}
