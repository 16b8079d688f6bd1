import { monotonicMicros } from '../kernel/clock.ts';
import { countCause, isFinal } from '../measure/failure-causes.ts';
import { Histogram } from '../measure/histogram.ts';
import type { LoopMeter } from '../measure/loop-meter.ts';
import { DueQueue } from '../plan/due-queue.ts';
import { backOff, waitAtLeast } from '../plan/retry-waits.ts';
import type { Endpoints, Share } from '../plan/share.ts';
import type { FailureCause } from '../raw.ts';
import type { Connections } from '../connections/connections.ts';

/** How many other local ports are tried when one's own is taken, and when the source address may be to blame. */
const sparesMost = { EADDRINUSE: 64, EADDRNOTAVAIL: 4 } as const;
const sweepMicros = 250_000;
/**
 * An attempt that is older than this, and so many times older than answers usually take, no longer keeps others from beginning: a few
 * silent answers must not stop a ramp, and a server that is merely busy must not be given ever more at once.
 */
const slowMicros = 500_000;
const slowTimes = 4;
/** Weight of the latest answer in how long answers usually take. */
const latestWeight = 1 / 16;
/** How many attempts may be under way before any is answered: a cold server that gets hundreds at once finishes none of them in time. */
const inFlightAtFirst = 16;
/** Attempts that ended so were not answered. */
const unanswered: ReadonlySet<FailureCause> = new Set<FailureCause>(['handshakeTimeout', 'tlsTimeout', 'ETIMEDOUT']);
// More than this at a time would make what arrives meanwhile wait.
const beginsATurn = 16;

export interface RampOptions {
  /** Of this process; null: as fast as the server takes them. */
  readonly ratePerSecond: number | null;
  /**
   * Attempts that are due within so long begin together, at the end of it, and their answers may wait for those of the next where the
   * kernel tells when they came: one wake for all. 0: each when it is due, and comes.
   */
  readonly gatherMicros: number;
  /** Attempts that may be under way at once when they are answered quickly (those older than half a second not counted). */
  readonly inFlightMost: number;
  readonly handshakeMicros: number;
}

/** Opens the connections of one process, each when it is due, and counts what becomes of them. */
export class Ramp {
  readonly connectLatency = new Histogram();
  readonly connectFailures: { [cause in FailureCause]?: number } = {};
  readonly beganMicros = monotonicMicros();
  endedMicros: number | null = null;
  attempts = 0;
  established = 0;
  abandoned = 0;
  readonly #connections: Connections;
  readonly #share: Share;
  readonly #options: RampOptions;
  readonly #meter: LoopMeter;
  readonly #microsBetween: number;
  /** How many begin together. */
  readonly #burst: number;
  readonly #failedAttempts: Uint8Array;
  readonly #sparesTried: Uint8Array;
  readonly #moved = new Map<number, Endpoints>();
  readonly #nextSpare: Int32Array;
  readonly #retries = new DueQueue();
  #next = 0;
  #opening = 0;
  #slow = 0;
  // Until the first answer nobody knows how long one takes.
  #usualMicros = Infinity;
  #answeredMicros = -Infinity;
  /** Attempts that may be under way now: more with each quick answer, fewer with each slow one. */
  #inFlightMost: number;
  // Since when attempts may begin again that had to wait for others to be answered: that is not the generator's delay.
  #freeMicros = -Infinity;
  #sweepDue = Infinity;

  constructor(connections: Connections, share: Share, serverPorts: number, options: RampOptions, meter: LoopMeter) {
    this.#connections = connections;
    this.#share = share;
    this.#options = options;
    this.#meter = meter;
    this.#microsBetween = options.ratePerSecond === null ? 0 : 1e6 / options.ratePerSecond;
    const together = this.#microsBetween === 0 ? 1 : Math.floor(options.gatherMicros / this.#microsBetween);
    this.#burst = Math.max(1, Math.min(beginsATurn, together));
    this.#inFlightMost = Math.min(inFlightAtFirst, options.inFlightMost);
    this.#failedAttempts = new Uint8Array(share.count);
    this.#sparesTried = new Uint8Array(share.count);
    this.#nextSpare = new Int32Array(serverPorts);
    this.#endIfDone(this.beganMicros);
  }

  /** Begins what is due; when it wants to be called again, if nothing happens before. */
  run(now: number): number {
    if (this.endedMicros !== null) return Infinity;
    if (now >= this.#sweepDue) this.#sweep(now);
    if (this.#freeMicros === Infinity && !this.#isFull()) this.#freeMicros = now;
    for (let n = 0; n < beginsATurn && !this.#isFull(); n += 1) {
      if (this.#retries.next <= now) {
        this.#meter.wasDelayed(now - Math.max(this.#retries.next, this.#freeMicros));
        this.#begin(this.#retries.pop());
      } else if (this.#next < this.#share.count && this.#dueMicros() <= now) this.#beginNext(now);
      else break;
    }
    if (this.#opening > 0 && this.#sweepDue === Infinity) this.#sweepDue = now + sweepMicros;
    if (this.#isFull()) {
      this.#freeMicros = Infinity;
      return this.#sweepDue;
    }
    const next = this.#next < this.#share.count ? this.#dueMicros() : Infinity;
    return Math.min(next, this.#sweepDue, this.#retries.next);
  }

  /** Whether others have to be answered before the next may begin. */
  #isFull(): boolean {
    return this.#opening - this.#slow >= this.#inFlightMost;
  }

  #dueMicros(): number {
    const last = this.#next - (this.#next % this.#burst) + this.#burst - 1;
    return this.beganMicros + Math.min(last, this.#share.count - 1) * this.#microsBetween;
  }

  #beginNext(now: number): void {
    if (this.#microsBetween > 0) this.#meter.wasDelayed(now - Math.max(this.#dueMicros(), this.#freeMicros));
    this.#next += 1;
    this.#begin(this.#next - 1);
  }

  #begin(connection: number): void {
    const endpoints = this.endpoints(connection);
    this.attempts += 1;
    this.#opening += 1;
    this.#connections.attempts.begin(
      connection,
      endpoints.serverPort,
      endpoints.source,
      endpoints.localPort,
      this.#share.sharesLocalPorts,
    );
  }

  /** How long answers may be left to gather: where others wait for them, not at all. */
  gatherMicros(): number {
    return this.#connections.isToldAnswers && !this.#isFull() ? this.#options.gatherMicros : 0;
  }

  /** Where a connection begins and ends. */
  endpoints(connection: number): Endpoints {
    return this.#moved.get(connection) ?? this.#share.endpoints(connection);
  }

  opened(fd: number): void {
    this.#opening -= 1;
    this.established += 1;
    const now = this.#connections.now;
    const took = now - this.#connections.table.beganMicros[fd]!;
    this.connectLatency.record(took);
    this.#usualMicros =
      this.#usualMicros === Infinity ? took : this.#usualMicros + (took - this.#usualMicros) * latestWeight;
    this.#answered(now);
    this.#endIfDone(now);
  }

  failed(connection: number, cause: FailureCause, retryAfterSeconds: number): void {
    this.#opening -= 1;
    countCause(this.connectFailures, cause);
    if (unanswered.has(cause)) this.#unanswered(monotonicMicros());
    else this.#answered(monotonicMicros());
    if ((cause === 'EADDRINUSE' || cause === 'EADDRNOTAVAIL') && this.#move(connection, sparesMost[cause])) {
      this.#begin(connection);
      return;
    }
    const failed = this.#failedAttempts[connection]! + 1;
    this.#failedAttempts[connection] = failed;
    const wait = isFinal(cause) ? null : backOff(failed);
    if (wait !== null) {
      this.#retries.push(monotonicMicros() + waitAtLeast(wait, retryAfterSeconds), connection);
      return;
    }
    this.abandoned += 1;
    this.#endIfDone(monotonicMicros());
  }

  #answered(now: number): void {
    this.#answeredMicros = now;
    const isQuick = this.#usualMicros === Infinity || this.#usualMicros * slowTimes < this.#options.handshakeMicros;
    const most = this.#inFlightMost + (isQuick ? 1 : -1);
    this.#inFlightMost = Math.max(
      Math.min(inFlightAtFirst, this.#options.inFlightMost),
      Math.min(this.#options.inFlightMost, most),
    );
  }

  #unanswered(now: number): void {
    if (now - this.#answeredMicros < this.#options.handshakeMicros) return;
    // Silence for so long is no business: such attempts are not waited for again.
    this.#usualMicros = 0;
    this.#inFlightMost = this.#options.inFlightMost;
  }

  /** Gives the connection other endpoints; false when it has had enough or there are none. */
  #move(connection: number, most: number): boolean {
    if (this.#sparesTried[connection]! >= most) return false;
    this.#sparesTried[connection]! += 1;
    const { serverPort } = this.#share.endpoints(connection);
    const spare = this.#share.spare(serverPort, this.#nextSpare[serverPort]!);
    if (spare === null) return false;
    this.#nextSpare[serverPort]! += 1;
    this.#moved.set(connection, spare);
    return true;
  }

  #sweep(now: number): void {
    const { handshakeMicros } = this.#options;
    const slowAge = Math.max(slowMicros, this.#usualMicros * slowTimes);
    let slow = 0;
    for (let fd = 0; fd < this.#connections.table.size; fd += 1) {
      if (!this.#connections.table.isOpening(fd)) continue;
      const age = now - this.#connections.table.beganMicros[fd]!;
      if (age >= handshakeMicros) this.#connections.endings.expire(fd);
      else if (age >= slowAge) slow += 1;
    }
    this.#slow = slow;
    this.#sweepDue = this.#opening > 0 ? now + sweepMicros : Infinity;
  }

  #endIfDone(now: number): void {
    if (this.established + this.abandoned >= this.#share.count) this.endedMicros ??= Math.round(now);
  }
}
