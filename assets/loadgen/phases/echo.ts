import { isPadding } from '../connections/padding.ts';
import { Histogram } from '../measure/histogram.ts';
import type { PhaseOf } from '../workload/phase-kinds.ts';
import type { PhaseContext, PhaseRun, PhaseTimes } from './phase-run.ts';
import { RateSchedule } from './rate-schedule.ts';

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
/** More than this in one iteration would make what arrives meanwhile wait. */
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
  readonly #schedule: RateSchedule;
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
    this.#schedule = new RateSchedule(context.meter);
    this.#hasAccount = phase.bytes >= accountBytes;
    this.#sendsATurn = Math.max(1, Math.min(sendsATurn, Math.floor(bytesATurn / Math.max(1, phase.bytes))));
    this.#lastSent = new Int32Array(context.connections.table.size).fill(-1);
    this.#lastReceived = new Int32Array(context.connections.table.size).fill(-1);
  }

  start({ beginMicros, share }: PhaseTimes): void {
    this.#schedule.start(beginMicros, this.#phase.ratePerSecond * share, this.#phase.seconds);
    this.lastActivityMicros = beginMicros;
  }

  sentAll(): boolean {
    return this.#schedule.isDone;
  }

  waiting(): number {
    return this.#pending;
  }

  run(now: number): number {
    for (let n = 0; n < this.#sendsATurn; n += 1) {
      const number = this.#schedule.taken;
      const due = this.#schedule.take(now);
      if (due < 0) break;
      this.#send(number, Math.round(due), now);
    }
    return this.#schedule.nextMicros(now);
  }

  #send(number: number, dueMicros: number, now: number): void {
    this.lastActivityMicros = now;
    const { connections, place } = this.#context;
    const fd = connections.table.nextOpen(this.#cursor);
    if (fd < 0) return;
    this.#cursor = fd;
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

  message(fd: number, bytes: Uint8Array, start: number, end: number, tail: number, now: number): void {
    if (this.#hasAccount) this.#matchByAccount(fd, bytes, start, end, tail, now);
    else this.#matchInOrder(fd, bytes, start, end, tail, now);
  }

  #matchByAccount(fd: number, bytes: Uint8Array, start: number, end: number, tail: number, now: number): void {
    if (bytes[start] !== 0x65 || bytes[start + 1] !== 0x63) return;
    const head = Math.min(end, start + accountBytes);
    const message = Buffer.from(bytes.buffer, bytes.byteOffset + start, head - start).toString('latin1');
    const match = /^echo (\d+) (\d+) (\d+) (\d+) /.exec(message);
    // An answer to an earlier phase that was given up.
    if (match !== null && Number(match[1]) !== this.#context.place) return;
    const account = match?.[0].length ?? 0;
    const number = Number(match?.[3]);
    const dueMicros = Number(match?.[4]);
    if (
      match === null ||
      Number(match[2]) !== fd ||
      number > this.#lastSent[fd]! ||
      number <= this.#lastReceived[fd]! ||
      Math.round(this.#schedule.dueMicros(number)) !== dueMicros ||
      end - start + tail !== Math.max(account, this.#phase.bytes) ||
      !isPadding(bytes, start + account, end, account)
    ) {
      this.#wrong += 1;
      return;
    }
    this.#lastReceived[fd] = number;
    this.#answered(now, dueMicros);
  }

  #matchInOrder(fd: number, bytes: Uint8Array, start: number, end: number, tail: number, now: number): void {
    const isSame = end - start + tail === this.#phase.bytes && isPadding(bytes, start, end, 0);
    const dueMicros = isSame ? this.#owed.get(fd)?.shift() : undefined;
    if (dueMicros === undefined) this.#wrong += 1;
    else this.#answered(now, dueMicros);
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
