import { stampArrivals } from '../kernel/tcp.ts';
import { Histogram } from '../measure/histogram.ts';
import { backOff } from '../plan/retry-waits.ts';
import type { FailureCounts } from '../raw.ts';
import type { PhaseOf } from '../workload/phase-kinds.ts';
import { stampedGatherMicros, type PhaseContext, type PhaseRun, type PhaseTimes } from './phase-run.ts';
import { RateSchedule } from './rate-schedule.ts';
import { Returns } from './returns.ts';

/** What one load process measured of a phase of churn. */
export interface ChurnRaw {
  /** Goodbyes that were due, whether a connection was there for each or not; raw files of before have none. */
  readonly due?: number | undefined;
  /** Connections that said goodbye, and those of them that the server closed in time. */
  readonly closed: number;
  readonly closedInTime: number;
  /** From the due time of a goodbye until the server had closed; an end close behind its answer counts as come with it. */
  readonly closeLatency: string;
  /** Connections opened in place of these, and attempts for them. */
  readonly opened: number;
  readonly attempts: number;
  readonly failures: FailureCounts;
  readonly givenUp: number;
  /** From when the client saw that the old connection was gone to the checked 101 of the new one. */
  readonly latency: string;
}

const closesATurn = 16;
/** How long the server may take to close its end; then it is reset. */
const closeMicros = 5_000_000;
const sweepMicros = 250_000;

/** Connections that close properly at a rate, each of which is opened again when its end is there. */
export class Churn implements PhaseRun<ChurnRaw> {
  readonly #phase: PhaseOf<'churn'>;
  readonly #context: PhaseContext;
  readonly returns: Returns;
  readonly #schedule: RateSchedule;
  readonly #closeLatency = new Histogram();
  // When the goodbye of each descriptor was due; not a number where none is under way.
  readonly #leaving: Float64Array;
  #leavingCount = 0;
  #cursor = 0;
  // When there was none to say goodbye to.
  #lackedMicros = 0;
  #closed = 0;
  #closedInTime = 0;
  #sweepDue = 0;
  #lastCloseMicros = 0;

  constructor(phase: PhaseOf<'churn'>, context: PhaseContext) {
    this.#phase = phase;
    this.#context = context;
    this.#schedule = new RateSchedule(context.meter);
    this.#leaving = new Float64Array(context.connections.table.size).fill(Number.NaN);
    this.returns = new Returns(context, (attempt) => (attempt === 0 ? 0 : backOff(attempt)));
  }

  start(times: PhaseTimes): void {
    this.#schedule.start(times, this.#phase.ratePerSecond * times.share, this.#phase.seconds);
    this.#lastCloseMicros = times.beginMicros;
  }

  sentAll(): boolean {
    return this.#schedule.isDone || (this.#context.open() === 0 && this.waiting() === 0);
  }

  waiting(): number {
    return this.#leavingCount + this.returns.waiting;
  }

  get lastActivityMicros(): number {
    return Math.max(this.#lastCloseMicros, this.returns.lastBackMicros);
  }

  get isToldArrivals(): boolean {
    return this.#context.connections.isToldAnswers;
  }

  run(now: number): number {
    if (now >= this.#sweepDue) this.#sweep(now);
    return Math.min(this.#close(now), this.#sweepDue, this.returns.run(now));
  }

  /** Closes as many as are due; when the next is. What is due while none is open waits for one. */
  #close(now: number): number {
    for (let n = 0; n < closesATurn && this.#schedule.nextMicros(now) <= now; n += 1) {
      const fd = this.#context.connections.table.nextOpen(this.#cursor);
      if (fd < 0) {
        this.#lackedMicros = now;
        return Infinity;
      }
      this.#leaving[fd] = this.#schedule.take(now, this.#lackedMicros);
      this.#leavingCount += 1;
      this.#lastCloseMicros = now;
      this.#cursor = fd;
      this.#closed += 1;
      stampArrivals(fd);
      this.#context.leave(fd);
    }
    return this.#schedule.nextMicros(now);
  }

  /** Resets those whose server takes too long. */
  #sweep(now: number): void {
    this.#sweepDue = now + sweepMicros;
    if (this.#leavingCount === 0) return;
    for (let fd = 0; fd < this.#leaving.length; fd += 1) {
      // Never so where it is not a number.
      if (!(now - this.#leaving[fd]! >= closeMicros)) continue;
      this.#gone(fd, now);
      this.#context.connections.endings.reset(fd);
    }
  }

  left(fd: number, now: number): void {
    const due = this.#leaving[fd]!;
    if (Number.isNaN(due)) return;
    this.#closedInTime += 1;
    this.#closeLatency.record(now - due);
    this.#gone(fd, now);
  }

  #gone(fd: number, now: number): void {
    this.#leaving[fd] = Number.NaN;
    this.#leavingCount -= 1;
    this.#lastCloseMicros = now;
    // It comes back when it sees that it was left, which may be a little after the server had closed.
    const { table, wokeMicros } = this.#context.connections;
    this.returns.add(table.connection[fd]!, wokeMicros);
  }

  /** Where nothing has to be done between two things that are due but to time what comes, it is read when the next is due. */
  gatherMicros(): number {
    return this.waiting() > 0 && this.isToldArrivals ? stampedGatherMicros : 0;
  }

  counts(): Readonly<Record<string, number>> {
    return { closed: this.#closed, opened: this.returns.back };
  }

  raw(): ChurnRaw {
    return {
      due: this.#schedule.count,
      closed: this.#closed,
      closedInTime: this.#closedInTime,
      closeLatency: this.#closeLatency.encode(),
      opened: this.returns.back,
      attempts: this.returns.attempts,
      failures: this.returns.failures,
      givenUp: this.returns.givenUp,
      latency: this.returns.latency,
    };
  }
}
