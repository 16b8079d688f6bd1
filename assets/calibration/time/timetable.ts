import { monotonicMicros } from './clock.ts';

/** Within this time of what is due next the process spins: Node's timers are a millisecond coarse. */
const spinMicros = 2000;

interface Entry {
  readonly dueMicros: number;
  readonly run: () => void;
}

/** Runs things when they are due, to some microseconds where the processor is free. */
export class Timetable {
  readonly #entries: Entry[] = [];
  readonly #onLate: (dueMicros: number, micros: number) => void;
  #timer: NodeJS.Timeout | null = null;
  #spinning = false;

  /** `onLate` hears of everything run when it was due and how late it was. */
  constructor(onLate: (dueMicros: number, micros: number) => void) {
    this.#onLate = onLate;
  }

  /** Runs it when the monotonic clock shows `dueMicros`; never before this call has returned. */
  at(dueMicros: number, run: () => void): void {
    const entries = this.#entries;
    let place = entries.length;
    while (place > 0 && (entries[place - 1]?.dueMicros ?? 0) > dueMicros) place -= 1;
    entries.splice(place, 0, { dueMicros, run });
    if (place === 0) this.#wait();
  }

  #wait(): void {
    const [next] = this.#entries;
    if (next === undefined || this.#spinning) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const micros = next.dueMicros - monotonicMicros();
    if (micros > spinMicros) {
      this.#timer = setTimeout(this.#turn, (micros - spinMicros) / 1000);
    } else {
      this.#spinning = true;
      setImmediate(this.#turn);
    }
  }

  readonly #turn = (): void => {
    this.#timer = null;
    this.#spinning = false;
    for (;;) {
      const [next] = this.#entries;
      const late = next === undefined ? -1 : monotonicMicros() - next.dueMicros;
      if (next === undefined || late < 0) break;
      this.#entries.shift();
      this.#onLate(next.dueMicros, late);
      next.run();
    }
    this.#wait();
  };
}
