import type { BroadcastTruth, GroundTruth } from './ground-truth.ts';

const flushMillis = 100;

/** Keeps what the server did and prints it, soon after it was done and seldom enough to disturb nothing. */
export class Ledger {
  readonly totals = {
    members: 0,
    rejected: 0,
    reset: 0,
    silent: 0,
    refused: 0,
    membersReset: 0,
    membersClosed: 0,
    membersEnded: 0,
    touchedBytes: 0,
    echoesReceived: 0,
    echoesDropped: 0,
  };
  #echoDelays: number[] = [];
  #late: number[] = [];
  #stalls: (readonly [number, number])[] = [];
  #stallBegan: number | null = null;
  #sinceStall: number[] = [];
  #broadcasts: BroadcastTruth[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** Something of {@link totals} has changed. */
  changed(): void {
    this.#timer ??= setTimeout(() => this.flush(), flushMillis);
  }

  /** An echo's answer has just left. */
  answered(nowMicros: number, delayMicros: number): void {
    this.#echoDelays.push(Math.round(delayMicros));
    if (this.#stallBegan !== null) this.#sinceStall.push(Math.round(nowMicros - this.#stallBegan));
    this.changed();
  }

  late(micros: number): void {
    this.#late.push(Math.round(micros));
  }

  stalled(beganMicros: number, endedMicros: number): void {
    this.#stallBegan ??= beganMicros;
    this.#stalls.push([Math.round(beganMicros), Math.round(endedMicros)]);
    this.changed();
  }

  /** A broadcast is over. */
  broadcast(truth: BroadcastTruth): void {
    this.#broadcasts.push(truth);
    this.changed();
  }

  /** Prints what was done since the last time. */
  flush(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    const truth: GroundTruth = {
      event: 'groundTruth',
      ...this.totals,
      echoDelaysMicros: this.#echoDelays,
      lateMicros: this.#late,
      stalls: this.#stalls,
      answeredSinceStallMicros: this.#sinceStall,
      broadcasts: this.#broadcasts,
    };
    process.stdout.write(`${JSON.stringify(truth)}\n`);
    [this.#echoDelays, this.#late, this.#stalls, this.#sinceStall, this.#broadcasts] = [[], [], [], [], []];
  }
}
