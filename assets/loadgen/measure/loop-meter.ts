import { Histogram } from './histogram.ts';

/** How well a process keeps up: what it measures can be no better than this. Microseconds. */
export class LoopMeter {
  readonly turn = new Histogram();
  readonly lateness = new Histogram();
  /** Whether the workload runs: the maxima below count only then. */
  driving = false;
  maxTurnWhileDriving = 0;
  maxLatenessWhileDriving = 0;

  /** One turn of the loop took so long. */
  tookTurn(micros: number): void {
    this.turn.record(micros);
    if (this.driving && micros > this.maxTurnWhileDriving) this.maxTurnWhileDriving = Math.round(micros);
  }

  /** Timed work was begun so long after it was due. */
  wasLate(micros: number): void {
    this.lateness.record(micros);
    if (this.driving && micros > this.maxLatenessWhileDriving) this.maxLatenessWhileDriving = Math.round(micros);
  }
}
