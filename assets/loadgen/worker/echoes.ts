import { Histogram } from '../measure/histogram.ts';
import type { LoopMeter } from '../measure/loop-meter.ts';
import type { Connections } from '../connections/connections.ts';

const giveUpMicros = 10_000_000;
/** From the end of the schedule: a server that answers ever so slowly is not waited for longer. */
const longestWaitMicros = 30_000_000;
const sendsATurn = 64;

/** Echoes of one process: `count` messages, one every 1 / `perSecond`, to its members in turn. */
export interface EchoSchedule {
  readonly beginMicros: number;
  readonly perSecond: number;
  readonly count: number;
}

/** The echo workload in open loop: sent when due whatever has come back, and timed from when they were due. */
export class Echoes {
  readonly roundTrip = new Histogram();
  sent = 0;
  received = 0;
  /** Echoes that came back changed, on another connection, twice, or that nobody sent. */
  wrong = 0;
  readonly #connections: Connections;
  readonly #meter: LoopMeter;
  #schedule: EchoSchedule | null = null;
  #next = 0;
  // Numbers go on from one schedule to the next, so that a late answer is not taken for a new one.
  #firstNumber = 0;
  #pending = 0;
  #lastActivityMicros = 0;
  #cursor = 0;
  #lastSent = new Int32Array(0);
  #lastReceived = new Int32Array(0);

  constructor(connections: Connections, meter: LoopMeter) {
    this.#connections = connections;
    this.#meter = meter;
  }

  /** Begins a schedule. */
  start(schedule: EchoSchedule): void {
    if (this.#lastSent.length === 0) {
      this.#lastSent = new Int32Array(this.#connections.table.size).fill(-1);
      this.#lastReceived = new Int32Array(this.#connections.table.size).fill(-1);
    }
    this.#firstNumber += this.#next;
    this.#schedule = schedule;
    this.#next = 0;
    this.#pending = 0;
    this.#lastActivityMicros = schedule.beginMicros;
  }

  /** Whether all is sent, and answered or given up. */
  done(now: number): boolean {
    if (this.#schedule === null) return true;
    if (this.#next < this.#schedule.count) return false;
    return this.#pending <= 0 || now > this.#givesUpMicros(this.#schedule);
  }

  /** Ends the schedule, whatever has not been sent. */
  cancel(): void {
    this.#schedule = null;
  }

  /** Sends what is due; when it wants to be called again. */
  run(now: number): number {
    const schedule = this.#schedule;
    if (schedule === null) return Infinity;
    for (let n = 0; n < sendsATurn && this.#next < schedule.count; n += 1) {
      const due = this.#dueMicros(schedule, this.#next);
      if (due > now) return due;
      this.#meter.wasLate(now - due);
      this.#send(Math.round(due), now);
    }
    if (this.#next < schedule.count) return now;
    if (!this.done(now)) return this.#givesUpMicros(schedule) + 1000;
    this.#schedule = null;
    return Infinity;
  }

  #dueMicros(schedule: EchoSchedule, n: number): number {
    return schedule.beginMicros + (n * 1e6) / schedule.perSecond;
  }

  #givesUpMicros(schedule: EchoSchedule): number {
    const endMicros = this.#dueMicros(schedule, schedule.count);
    return Math.min(this.#lastActivityMicros + giveUpMicros, endMicros + longestWaitMicros);
  }

  #send(dueMicros: number, now: number): void {
    const number = this.#firstNumber + this.#next;
    this.#next += 1;
    this.#lastActivityMicros = now;
    const fd = this.#nextMember();
    if (fd < 0) return;
    if (this.#lastSent[fd] === -1) this.#connections.sendAtOnce(fd);
    this.#lastSent[fd] = number;
    this.sent += 1;
    this.#pending += 1;
    this.#connections.sendText(fd, `echo ${fd} ${number} ${dueMicros}`);
  }

  #nextMember(): number {
    const { size } = this.#connections.table;
    for (let n = 0; n < size; n += 1) {
      this.#cursor = (this.#cursor + 1) % size;
      if (this.#connections.table.isOpen(this.#cursor)) return this.#cursor;
    }
    return -1;
  }

  /** Counts a message if it is an echo; false when it is something else. */
  take(fd: number, bytes: Uint8Array, start: number, end: number, now: number): boolean {
    if (bytes[start] !== 0x65 || bytes[start + 1] !== 0x63 || this.#lastSent.length === 0) return false;
    const message = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
    const match = /^echo (\d+) (\d+) (\d+)$/.exec(message);
    const number = Number(match?.[2]);
    if (
      match === null ||
      Number(match[1]) !== fd ||
      number > this.#lastSent[fd]! ||
      number <= this.#lastReceived[fd]! ||
      !this.#wasDueAt(number, Number(match[3]))
    ) {
      this.wrong += 1;
      return true;
    }
    this.#lastReceived[fd] = number;
    this.#lastActivityMicros = now;
    this.received += 1;
    this.#pending -= 1;
    this.roundTrip.record(now - Number(match[3]));
    return true;
  }

  #wasDueAt(number: number, dueMicros: number): boolean {
    if (this.#schedule === null || number < this.#firstNumber) return true;
    return Math.round(this.#dueMicros(this.#schedule, number - this.#firstNumber)) === dueMicros;
  }

  /** A connection is gone, and with it the answers that it owed. */
  lost(fd: number): void {
    if (this.#lastSent.length === 0) return;
    if (this.#lastSent[fd]! > this.#lastReceived[fd]!) this.#pending -= 1;
    this.#lastSent[fd] = -1;
    this.#lastReceived[fd] = -1;
  }
}
