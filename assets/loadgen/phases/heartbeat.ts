import { readDigits } from '../websocket/digits.ts';
import { stampArrivals } from '../kernel/tcp.ts';
import { Histogram } from '../measure/histogram.ts';
import type { PhaseOf } from '../workload/phase-kinds.ts';
import { stampedGatherMicros, type PhaseContext, type PhaseRun, type PhaseTimes } from './phase-run.ts';
import { RateSchedule } from './rate-schedule.ts';

/** What one load process measured of a phase of heartbeats. */
export interface HeartbeatRaw {
  readonly sent: number;
  readonly received: number;
  /** Pongs that answer no ping, or one that a later pong has overtaken. */
  readonly wrong: number;
  /** Round trip from the due time of the ping. */
  readonly latency: string;
}

const sendsATurn = 64;
const none = -1;

/** Heartbeats in open loop: each connection's ping is sent when it is due, whether its last one was answered or not. */
export class Heartbeat implements PhaseRun<HeartbeatRaw> {
  readonly #roundTrip = new Histogram();
  readonly #phase: PhaseOf<'heartbeat'>;
  readonly #context: PhaseContext;
  // The connections that were open when the phase began, in the order in which they are due.
  readonly #members: Int32Array;
  readonly #schedule: RateSchedule;
  #sent = 0;
  #received = 0;
  #wrong = 0;
  #pending = 0;
  lastActivityMicros = 0;
  // Due times of each connection's latest ping and of the latest that was answered, which the pong brings back.
  readonly #lastSent: Float64Array;
  readonly #lastReceived: Float64Array;

  constructor(phase: PhaseOf<'heartbeat'>, context: PhaseContext) {
    const { table } = context.connections;
    this.#phase = phase;
    this.#context = context;
    this.#schedule = new RateSchedule(context.meter);
    this.#members = Int32Array.from(Array.from({ length: table.size }, (_, fd) => fd).filter((fd) => table.isOpen(fd)));
    this.#lastSent = new Float64Array(table.size).fill(none);
    this.#lastReceived = new Float64Array(table.size).fill(none);
  }

  start(times: PhaseTimes): void {
    this.#schedule.start(times, this.#members.length / this.#phase.intervalSeconds, this.#phase.seconds);
    this.lastActivityMicros = times.beginMicros;
  }

  sentAll(): boolean {
    return this.#schedule.isDone;
  }

  waiting(): number {
    return this.#pending;
  }

  get isToldArrivals(): boolean {
    return this.#context.connections.isToldArrivals;
  }

  run(now: number): number {
    for (let n = 0; n < sendsATurn; n += 1) {
      const fd = this.#members[this.#schedule.taken % this.#members.length]!;
      const due = this.#schedule.take(now);
      if (due < 0) break;
      this.lastActivityMicros = now;
      // One that is gone sends nothing more; it counts among the connections lost.
      if (this.#context.connections.table.isOpen(fd)) this.#ping(fd, Math.round(due));
    }
    return this.#schedule.nextMicros(now);
  }

  #ping(fd: number, dueMicros: number): void {
    if (this.#lastSent[fd] === none) stampArrivals(fd);
    this.#lastSent[fd] = dueMicros;
    this.#sent += 1;
    this.#pending += 1;
    this.#context.connections.sendPing(fd, dueMicros);
  }

  /** A process that is woken for every pong needs half as much again for a ping as one that reads them when the next ping is due. */
  gatherMicros(): number {
    return this.#pending > 0 && this.isToldArrivals ? stampedGatherMicros : 0;
  }

  pong(fd: number, bytes: Uint8Array, start: number, end: number, now: number): void {
    const dueMicros = readDigits(bytes, start, end);
    if (!(dueMicros > this.#lastReceived[fd]! && dueMicros <= this.#lastSent[fd]! && this.#wasDue(fd, dueMicros))) {
      this.#wrong += 1;
      return;
    }
    this.#lastReceived[fd] = dueMicros;
    this.#received += 1;
    this.#pending -= 1;
    this.lastActivityMicros = now;
    this.#roundTrip.record(now - dueMicros);
  }

  /** Whether a connection had a ping that was due then. */
  #wasDue(fd: number, dueMicros: number): boolean {
    const n = this.#schedule.numberAt(dueMicros);
    return this.#members[n % this.#members.length] === fd && Math.round(this.#schedule.dueMicros(n)) === dueMicros;
  }

  lost(fd: number): void {
    if (this.#lastSent[fd]! > this.#lastReceived[fd]!) this.#pending -= 1;
    this.#lastSent[fd] = none;
    this.#lastReceived[fd] = none;
  }

  counts(): Readonly<Record<string, number>> {
    return { sent: this.#sent, received: this.#received };
  }

  raw(): HeartbeatRaw {
    return { sent: this.#sent, received: this.#received, wrong: this.#wrong, latency: this.#roundTrip.encode() };
  }
}
