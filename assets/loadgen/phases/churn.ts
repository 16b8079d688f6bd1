import { Histogram } from '../measure/histogram.ts';
import type { FailureCounts } from '../raw.ts';
import type { PhaseOf } from '../workload/phase-kinds.ts';
import type { PhaseContext, PhaseRun, PhaseTimes } from './phase-run.ts';
import { Returns } from './returns.ts';

/** What one load process measured of a phase of churn. */
export interface ChurnRaw {
  /** Connections that said goodbye, and those of them that the server closed in time. */
  readonly closed: number;
  readonly closedInTime: number;
  /** From the due time of a goodbye until the server had closed. */
  readonly closeLatency: string;
  /** Connections opened in place of these, and attempts for them. */
  readonly opened: number;
  readonly attempts: number;
  readonly failures: FailureCounts;
  readonly givenUp: number;
  /** From when the old connection had gone to the checked 101 of the new one. */
  readonly latency: string;
}

const closesATurn = 16;
/** How long the server may take to close its end; then it is reset. */
const closeMicros = 5_000_000;
const sweepMicros = 250_000;
/** Waits before the second and the third attempt, as in the ramp. */
const backOffMicros = [0, 500_000, 2_000_000];

/** Connections that close properly at a rate, each of which is opened again when its end is there. */
export class Churn implements PhaseRun<ChurnRaw> {
  readonly #phase: PhaseOf<'churn'>;
  readonly #context: PhaseContext;
  readonly #returns: Returns;
  readonly #closeLatency = new Histogram();
  // When the goodbye of each descriptor was due, in order of time.
  readonly #leaving = new Map<number, number>();
  #beginMicros = 0;
  #microsBetween = 0;
  #count = 0;
  #next = 0;
  #cursor = 0;
  #closed = 0;
  #closedInTime = 0;
  #sweepDue = 0;
  lastActivityMicros = 0;

  constructor(phase: PhaseOf<'churn'>, context: PhaseContext) {
    this.#phase = phase;
    this.#context = context;
    this.#returns = new Returns(context, (attempt) => backOffMicros[attempt] ?? null);
  }

  start({ beginMicros, share }: PhaseTimes): void {
    const perSecond = this.#phase.ratePerSecond * share;
    this.#beginMicros = beginMicros;
    this.#microsBetween = 1e6 / perSecond;
    this.#count = Math.round(perSecond * this.#phase.seconds);
    this.lastActivityMicros = beginMicros;
  }

  sentAll(): boolean {
    return this.#next >= this.#count;
  }

  waiting(): number {
    return this.#leaving.size + this.#returns.waiting;
  }

  gatherMicros(): number {
    return 0;
  }

  run(now: number): number {
    if (now >= this.#sweepDue) this.#sweep(now);
    let due = Infinity;
    for (let n = 0; n < closesATurn && this.#next < this.#count; n += 1) {
      due = this.#beginMicros + this.#next * this.#microsBetween;
      if (due > now) break;
      this.#context.meter.wasLate(now - due);
      this.#next += 1;
      this.lastActivityMicros = now;
      const fd = this.#nextMember();
      if (fd < 0) continue;
      this.#leaving.set(fd, due);
      this.#closed += 1;
      this.#context.leave(fd);
    }
    return Math.min(this.#next < this.#count ? Math.max(now, due) : Infinity, this.#sweepDue, this.#returns.run(now));
  }

  #nextMember(): number {
    const { table } = this.#context.connections;
    for (let n = 0; n < table.size; n += 1) {
      this.#cursor = (this.#cursor + 1) % table.size;
      if (table.isOpen(this.#cursor)) return this.#cursor;
    }
    return -1;
  }

  /** Resets those whose server takes too long. */
  #sweep(now: number): void {
    this.#sweepDue = now + sweepMicros;
    for (const [fd, due] of this.#leaving) {
      if (now - due < closeMicros) return;
      this.#gone(fd, now);
      this.#context.connections.reset(fd);
    }
  }

  left(fd: number, now: number): void {
    const due = this.#leaving.get(fd);
    if (due === undefined) return;
    this.#closedInTime += 1;
    this.#closeLatency.record(now - due);
    this.#gone(fd, now);
  }

  #gone(fd: number, now: number): void {
    this.#leaving.delete(fd);
    this.lastActivityMicros = now;
    this.#returns.add(this.#context.connections.table.connection[fd]!, now);
  }

  opened(_fd: number, connection: number, now: number): void {
    this.lastActivityMicros = now;
    this.#returns.opened(connection, now);
  }

  connectFailed(connection: number, cause: Parameters<Returns['failed']>[1], now: number): void {
    this.#returns.failed(connection, cause, now);
  }

  /** No message is expected. */
  message(): boolean {
    return false;
  }

  counts(): Readonly<Record<string, number>> {
    return { closed: this.#closed, opened: this.#returns.back };
  }

  raw(): ChurnRaw {
    return {
      closed: this.#closed,
      closedInTime: this.#closedInTime,
      closeLatency: this.#closeLatency.encode(),
      opened: this.#returns.back,
      attempts: this.#returns.attempts,
      failures: this.#returns.failures,
      givenUp: this.#returns.givenUp,
      latency: this.#returns.latency,
    };
  }
}
