import { emptyLists, nothingDone, type BroadcastTruth, type GroundTruth, type ListsTruth } from './ground-truth.ts';

const flushMillis = 100;

/** Lists of times that are simply collected. */
type Delays = 'pongDelaysMicros' | 'closeDelaysMicros' | 'returnDelaysMicros' | 'awayMicros';

/** Keeps what the server did and prints it, soon after it was done and seldom enough to disturb nothing. */
export class Ledger {
  readonly totals = nothingDone();
  #lists: ListsTruth = emptyLists();
  #stallBegan: number | null = null;
  #stillUntil = 0;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  /** Something of {@link totals} has changed. */
  changed(): void {
    this.#timer ??= setTimeout(() => this.flush(), flushMillis);
  }

  /** An echo's answer has just left. */
  answered(readMicros: number, nowMicros: number): void {
    this.#lists.echoDelaysMicros.push(Math.round(nowMicros - readMicros));
    // What was read before and answered after was due before: it waited by no fault of the stall alone.
    if (this.#stallBegan !== null && readMicros >= this.#stallBegan) {
      this.#lists.answeredSinceStallMicros.push(Math.round(nowMicros - this.#stallBegan));
    }
    this.changed();
  }

  /** Something took so long. */
  took(what: Delays, micros: number): void {
    this.#lists[what].push(Math.round(micros));
    this.changed();
  }

  /** What was due then was begun so much later. That the process stood still on purpose is not the machine's doing. */
  late(dueMicros: number, micros: number): void {
    const since = Math.max(dueMicros, this.#stillUntil);
    this.#lists.lateMicros.push(Math.max(0, Math.round(dueMicros + micros - since)));
  }

  /** The process has stood still until now. */
  stoodStill(nowMicros: number): void {
    this.#stillUntil = nowMicros;
  }

  /** The process has stood still in the midst of echoes. */
  stalled(beganMicros: number, endedMicros: number): void {
    this.#stallBegan ??= beganMicros;
    this.#lists.stalls.push([Math.round(beganMicros), Math.round(endedMicros)]);
    this.changed();
  }

  /** A broadcast is over. */
  broadcast(truth: BroadcastTruth): void {
    this.#lists.broadcasts.push(truth);
    this.changed();
  }

  /** Prints what was done since the last time. */
  flush(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#isClosed) return;
    const truth: GroundTruth = { event: 'groundTruth', ...this.totals, ...this.#lists };
    process.stdout.write(`${JSON.stringify(truth)}\n`);
    this.#lists = emptyLists();
  }

  /** Prints the last of it: the server stops, and what its clients do then belongs to no measurement. */
  close(): void {
    this.flush();
    this.#isClosed = true;
  }
}
