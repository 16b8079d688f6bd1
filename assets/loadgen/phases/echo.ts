import { isPadding } from '../connections/padding.ts';
import { Histogram } from '../measure/histogram.ts';
import type { PhaseOf } from '../workload/phase-kinds.ts';
import type { PhaseContext, PhaseRun, PhaseTimes } from './phase-run.ts';

/** What one load process measured of a phase of echoes. */
export interface EchoRaw {
  readonly sent: number;
  readonly received: number;
  /** Answers that came back changed, on another connection, twice, or that nobody asked for. */
  readonly wrong: number;
  /** Due messages of connections that took no more of what was sent to them. */
  readonly notSent: number;
  /** Round trip from the due time. */
  readonly latency: string;
}

const sendsATurn = 64;
/** More than this in a turn would make what arrives meanwhile wait. */
const bytesATurn = 256 * 1024;
/** Room for a message's own account: phase, connection, number and due time. */
const accountBytes = 44;

/** Echoes in open loop: sent when due whatever has come back, and timed from when they were due. */
export class Echo implements PhaseRun<EchoRaw> {
  readonly #roundTrip = new Histogram();
  readonly #phase: PhaseOf<'echo'>;
  readonly #context: PhaseContext;
  /** Whether a message says which it is; else answers are matched in order. */
  readonly #hasAccount: boolean;
  readonly #sendsATurn: number;
  #beginMicros = 0;
  #microsBetween = 0;
  #count = 0;
  #next = 0;
  #sent = 0;
  #received = 0;
  #wrong = 0;
  #notSent = 0;
  #pending = 0;
  #cursor = 0;
  lastActivityMicros = 0;
  readonly #lastSent: Int32Array;
  readonly #lastReceived: Int32Array;
  // Due times of what each connection owes, where answers are matched in order.
  readonly #owed = new Map<number, number[]>();

  constructor(phase: PhaseOf<'echo'>, context: PhaseContext) {
    this.#phase = phase;
    this.#context = context;
    this.#hasAccount = phase.bytes >= accountBytes;
    this.#sendsATurn = Math.max(1, Math.min(sendsATurn, Math.floor(bytesATurn / Math.max(1, phase.bytes))));
    this.#lastSent = new Int32Array(context.connections.table.size).fill(-1);
    this.#lastReceived = new Int32Array(context.connections.table.size).fill(-1);
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
    return this.#pending;
  }

  /** An echo that waits would be late. */
  gatherMicros(): number {
    return 0;
  }

  run(now: number): number {
    for (let n = 0; n < this.#sendsATurn && this.#next < this.#count; n += 1) {
      const due = this.#dueMicros(this.#next);
      if (due > now) return due;
      this.#context.meter.wasLate(now - due);
      this.#send(Math.round(due), now);
    }
    return this.#next < this.#count ? now : Infinity;
  }

  #dueMicros(n: number): number {
    return this.#beginMicros + n * this.#microsBetween;
  }

  #send(dueMicros: number, now: number): void {
    const number = this.#next;
    this.#next += 1;
    this.lastActivityMicros = now;
    const { connections, place } = this.#context;
    const fd = this.#nextMember();
    if (fd < 0) return;
    if (!connections.hasRoom(fd, this.#phase.bytes)) {
      this.#notSent += 1;
      return;
    }
    if (this.#lastSent[fd] === -1) connections.sendAtOnce(fd);
    this.#lastSent[fd] = number;
    this.#sent += 1;
    this.#pending += 1;
    if (!this.#hasAccount) this.#owe(fd, dueMicros);
    const account = this.#hasAccount ? `echo ${place} ${fd} ${number} ${dueMicros} ` : '';
    connections.sendText(fd, account, Math.max(account.length, this.#phase.bytes));
  }

  #owe(fd: number, dueMicros: number): void {
    const owed = this.#owed.get(fd);
    if (owed === undefined) this.#owed.set(fd, [dueMicros]);
    else owed.push(dueMicros);
  }

  #nextMember(): number {
    const { table } = this.#context.connections;
    for (let n = 0; n < table.size; n += 1) {
      this.#cursor = (this.#cursor + 1) % table.size;
      if (table.isOpen(this.#cursor)) return this.#cursor;
    }
    return -1;
  }

  message(fd: number, bytes: Uint8Array, start: number, end: number, tail: number, now: number): boolean {
    return this.#hasAccount
      ? this.#matchByAccount(fd, bytes, start, end, tail, now)
      : this.#matchInOrder(fd, bytes, start, end, tail, now);
  }

  #matchByAccount(fd: number, bytes: Uint8Array, start: number, end: number, tail: number, now: number): boolean {
    if (bytes[start] !== 0x65 || bytes[start + 1] !== 0x63) return false;
    const head = Math.min(end, start + accountBytes);
    const message = Buffer.from(bytes.buffer, bytes.byteOffset + start, head - start).toString('latin1');
    const match = /^echo (\d+) (\d+) (\d+) (\d+) /.exec(message);
    // An answer to an earlier phase that was given up.
    if (match !== null && Number(match[1]) !== this.#context.place) return true;
    const account = match?.[0].length ?? 0;
    const number = Number(match?.[3]);
    const dueMicros = Number(match?.[4]);
    if (
      match === null ||
      Number(match[2]) !== fd ||
      number > this.#lastSent[fd]! ||
      number <= this.#lastReceived[fd]! ||
      Math.round(this.#dueMicros(number)) !== dueMicros ||
      end - start + tail !== Math.max(account, this.#phase.bytes) ||
      !isPadding(bytes, start + account, end, account)
    ) {
      this.#wrong += 1;
      return true;
    }
    this.#lastReceived[fd] = number;
    this.#answered(now, dueMicros);
    return true;
  }

  #matchInOrder(fd: number, bytes: Uint8Array, start: number, end: number, tail: number, now: number): boolean {
    const isSame = end - start + tail === this.#phase.bytes && isPadding(bytes, start, end, 0);
    const dueMicros = isSame ? this.#owed.get(fd)?.shift() : undefined;
    if (dueMicros === undefined) this.#wrong += 1;
    else this.#answered(now, dueMicros);
    return true;
  }

  #answered(now: number, dueMicros: number): void {
    this.lastActivityMicros = now;
    this.#received += 1;
    this.#pending -= 1;
    this.#roundTrip.record(now - dueMicros);
  }

  lost(fd: number): void {
    const owed = this.#owed.get(fd)?.length;
    this.#owed.delete(fd);
    if (owed !== undefined) this.#pending -= owed;
    else if (this.#lastSent[fd]! > this.#lastReceived[fd]! && this.#hasAccount) this.#pending -= 1;
    this.#lastSent[fd] = -1;
    this.#lastReceived[fd] = -1;
  }

  counts(): Readonly<Record<string, number>> {
    return { sent: this.#sent, received: this.#received };
  }

  raw(): EchoRaw {
    return {
      sent: this.#sent,
      received: this.#received,
      wrong: this.#wrong,
      notSent: this.#notSent,
      latency: this.#roundTrip.encode(),
    };
  }
}
