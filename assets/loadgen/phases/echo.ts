import { isPadding } from '../connections/padding.ts';
import { sendAtOnce, stampArrivals } from '../kernel/tcp.ts';
import { Histogram } from '../measure/histogram.ts';
import type { PhaseOf } from '../workload/phase-kinds.ts';
import type { PhaseContext, PhaseRun, PhaseTimes } from './phase-run.ts';
import { RateSchedule } from './rate-schedule.ts';

/** What one load process measured of a phase of echoes. */
export interface EchoRaw {
  readonly sent: number;
  readonly received: number;
  /** Answers that came back changed, on another connection or too late to be told, or twice. */
  readonly wrong: number;
  /** Those of the wrong that came twice. Absent in the files of earlier versions, which counted answers out of order as wrong. */
  readonly doubled?: number | undefined;
  /** Received ones that came after an answer to a later message of their connection. */
  readonly outOfOrder?: number | undefined;
  /** Due messages of connections that took no more of what was sent to them. */
  readonly notSent: number;
  /** Round trip from the due time. */
  readonly latency: string;
}

const sendsATurn = 64;
/** More than this in one iteration would make what arrives meanwhile wait. */
const bytesATurn = 256 * 1024;
/** Of longer answers, one read that is told when they came holds but a part. */
const bytesARead = 4000;
/** Room for a message's own account: phase, connection, number and due time. */
const accountBytes = 44;
/** Of so many messages that were sent last it is known which are still owed; a power of two. */
const rememberedMessages = 2 ** 20;
const unsent = -1;

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
  #doubled = 0;
  #outOfOrder = 0;
  #notSent = 0;
  #pending = 0;
  #cursor = 0;
  lastActivityMicros = 0;
  // How many answers each connection owes, and the latest message that it has answered.
  readonly #owes: Int32Array;
  readonly #lastReceived: Int32Array;
  // A bit for each of the messages that were sent last: whether it is owed.
  readonly #isOwed: Uint32Array;
  // Due times of what each connection owes, where answers are matched in order.
  readonly #owed = new Map<number, number[]>();

  constructor(phase: PhaseOf<'echo'>, context: PhaseContext) {
    this.#phase = phase;
    this.#context = context;
    this.#schedule = new RateSchedule(context.meter);
    this.#hasAccount = phase.bytes >= accountBytes;
    this.#sendsATurn = Math.max(1, Math.min(sendsATurn, Math.floor(bytesATurn / Math.max(1, phase.bytes))));
    this.#owes = new Int32Array(context.connections.table.size).fill(unsent);
    this.#isOwed = new Uint32Array(this.#hasAccount ? rememberedMessages / 32 : 0);
    this.#lastReceived = new Int32Array(context.connections.table.size).fill(-1);
  }

  start(times: PhaseTimes): void {
    this.#schedule.start(times, this.#phase.ratePerSecond * times.share, this.#phase.seconds);
    this.lastActivityMicros = times.beginMicros;
  }

  sentAll(): boolean {
    return this.#schedule.isDone;
  }

  waiting(): number {
    return this.#pending;
  }

  get isToldArrivals(): boolean {
    return this.#phase.bytes <= bytesARead && this.#context.connections.isToldArrivals;
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
    if (this.#owes[fd] === unsent) {
      sendAtOnce(fd);
      stampArrivals(fd);
      this.#owes[fd] = 0;
    }
    this.#owes[fd]! += 1;
    this.#sent += 1;
    this.#pending += 1;
    if (this.#hasAccount) this.#isOwed[(number % rememberedMessages) >>> 5]! |= 1 << (number & 31);
    else this.#owe(fd, dueMicros);
    const account = this.#hasAccount ? `echo ${place} ${fd} ${number} ${dueMicros} ` : '';
    connections.sendText(fd, account, Math.max(account.length, this.#phase.bytes));
  }

  #owe(fd: number, dueMicros: number): void {
    const owed = this.#owed.get(fd);
    if (owed === undefined) this.#owed.set(fd, [dueMicros]);
    else owed.push(dueMicros);
  }

  message(fd: number, bytes: Uint8Array, start: number, end: number, tail: number, now: number): boolean {
    return this.#hasAccount
      ? this.#matchByAccount(fd, bytes, start, end, tail, now)
      : this.#matchInOrder(fd, bytes, start, end, tail, now);
  }

  #matchByAccount(fd: number, bytes: Uint8Array, start: number, end: number, tail: number, now: number): boolean {
    const isLike = bytes[start] === 0x65 && bytes[start + 1] === 0x63 && bytes[start + 2] === 0x68;
    if (!isLike) return this.#isChanged(fd, end - start + Math.abs(tail));
    const head = Math.min(end, start + accountBytes);
    const message = Buffer.from(bytes.buffer, bytes.byteOffset + start, head - start).toString('latin1');
    const match = /^echo (\d+) (\d+) (\d+) (\d+) /.exec(message);
    // An answer to an earlier phase that was given up.
    if (match !== null && Number(match[1]) !== this.#context.place) return true;
    const account = match?.[0].length ?? 0;
    const number = Number(match?.[3]);
    const dueMicros = Number(match?.[4]);
    const behind = this.#schedule.taken - number;
    if (
      match === null ||
      tail < 0 ||
      Number(match[2]) !== fd ||
      !(behind > 0 && behind <= rememberedMessages) ||
      Math.round(this.#schedule.dueMicros(number)) !== dueMicros ||
      end - start + tail !== Math.max(account, this.#phase.bytes) ||
      !isPadding(bytes, start + account, end, account)
    ) {
      this.#wrong += 1;
      return true;
    }
    const word = (number % rememberedMessages) >>> 5;
    const bit = 1 << (number & 31);
    if ((this.#isOwed[word]! & bit) === 0) {
      this.#countDoubled();
      return true;
    }
    this.#isOwed[word]! &= ~bit;
    if (number < this.#lastReceived[fd]!) this.#outOfOrder += 1;
    else this.#lastReceived[fd] = number;
    this.#answered(fd, now, dueMicros);
    return true;
  }

  #matchInOrder(fd: number, bytes: Uint8Array, start: number, end: number, tail: number, now: number): boolean {
    const isSame = tail >= 0 && end - start + tail === this.#phase.bytes && isPadding(bytes, start, end, 0);
    if (!isSame) return this.#isChanged(fd, end - start + Math.abs(tail));
    const dueMicros = this.#owed.get(fd)?.shift();
    if (dueMicros === undefined) this.#countDoubled();
    else this.#answered(fd, now, dueMicros);
    return true;
  }

  /** Whether a message that is no echo is taken for a changed one: it has the length of one that the connection owes. */
  #isChanged(fd: number, length: number): boolean {
    if (length !== this.#phase.bytes || this.#owes[fd]! <= 0) return false;
    this.#wrong += 1;
    return true;
  }

  #countDoubled(): void {
    this.#doubled += 1;
    this.#wrong += 1;
  }

  #answered(fd: number, now: number, dueMicros: number): void {
    this.lastActivityMicros = now;
    this.#received += 1;
    this.#pending -= 1;
    this.#owes[fd]! -= 1;
    this.#roundTrip.record(now - dueMicros);
  }

  lost(fd: number): void {
    this.#pending -= Math.max(0, this.#owes[fd]!);
    this.#owed.delete(fd);
    this.#owes[fd] = unsent;
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
      doubled: this.#doubled,
      outOfOrder: this.#outOfOrder,
      notSent: this.#notSent,
      latency: this.#roundTrip.encode(),
    };
  }
}
