import type { Behaviour } from '../behaviour.ts';
import type { Ledger } from '../ground-truth/ledger.ts';
import { monotonicMicros } from '../time/clock.ts';
import { standStill } from '../time/stand-still.ts';
import type { Timetable } from '../time/timetable.ts';

/** Answers messages and pings at the pace, and with the faults, that it was told. */
export class Answers {
  readonly #behaviour: Behaviour;
  readonly #ledger: Ledger;
  readonly #timetable: Timetable;

  constructor(behaviour: Behaviour, ledger: Ledger, timetable: Timetable) {
    this.#behaviour = behaviour;
    this.#ledger = ledger;
    this.#timetable = timetable;
  }

  /** A message has been read; `answer` sends it back. */
  echo(answer: () => void): void {
    const began = monotonicMicros();
    const { echoDelayMicros, slowOneIn, slowDelayMicros, dropOneIn, stallAtEcho, stallMicros } = this.#behaviour;
    const { totals } = this.#ledger;
    totals.echoesReceived += 1;
    const number = totals.echoesReceived;
    if (number === stallAtEcho) {
      standStill(stallMicros, this.#ledger);
      this.#ledger.stalled(began, monotonicMicros());
    }
    if (dropOneIn > 0 && number % dropOneIn === 0) {
      totals.echoesDropped += 1;
      this.#ledger.changed();
      return;
    }
    // An odd distance from the dropped ones, so that these are not all slow or all fast.
    const slow = slowOneIn > 0 && (number + 3) % slowOneIn === 0;
    this.#after(began, slow ? slowDelayMicros : echoDelayMicros, () => {
      answer();
      this.#ledger.answered(began, monotonicMicros());
    });
  }

  /** A ping has been read; `answer` sends its pong. */
  ping(answer: () => void): void {
    const began = monotonicMicros();
    const { pongDelayMicros, dropPongOneIn } = this.#behaviour;
    const { totals } = this.#ledger;
    totals.pingsReceived += 1;
    this.#ledger.changed();
    if (dropPongOneIn > 0 && totals.pingsReceived % dropPongOneIn === 0) {
      totals.pingsDropped += 1;
      return;
    }
    this.#after(began, pongDelayMicros, () => {
      answer();
      this.#ledger.took('pongDelaysMicros', monotonicMicros() - began);
    });
  }

  #after(began: number, delayMicros: number, run: () => void): void {
    if (delayMicros === 0) run();
    else this.#timetable.at(began + delayMicros, run);
  }
}
