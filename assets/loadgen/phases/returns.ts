import { countCause, isFinal } from '../measure/failure-causes.ts';
import { Histogram } from '../measure/histogram.ts';
import { DueQueue } from '../plan/due-queue.ts';
import { waitAtLeast } from '../plan/retry-waits.ts';
import type { FailureCause, FailureCounts } from '../raw.ts';
import type { PhaseContext } from './phase-run.ts';

const beginsATurn = 64;
const sweepMicros = 250_000;

/** How clients come back: how long one waits before its n-th attempt (from 0), microseconds; null when it gives up. */
export type ReturnPolicy = (attempt: number) => number | null;

/** Backoff with full jitter: a wait from 0 to 1 s, 2 s, 4 s, … and never to more than 30 s. */
const firstWaitMicros = 1_000_000;
const longestWaitMicros = 30_000_000;
/** What one that does not back off waits after a failure, so that it does not use up a processor. */
const restMicros = 100_000;

/** How clients come back after a storm or a restart. */
export const returnPolicies: Readonly<Record<'none' | 'exp', ReturnPolicy>> = {
  none: (attempt) => (attempt === 0 ? 0 : restMicros),
  exp: (attempt) => Math.random() * Math.min(longestWaitMicros, firstWaitMicros * 2 ** Math.min(attempt, 10)),
};

/** Clients that come back: each opens its connection again, and tries again when that fails. */
export class Returns {
  readonly #context: PhaseContext;
  readonly #policy: ReturnPolicy;
  readonly #due = new DueQueue();
  readonly #since: Float64Array;
  readonly #attempts: Uint16Array;
  readonly #latency = new Histogram();
  readonly #failures: { [cause in FailureCause]?: number } = {};
  #opening = 0;
  #sweepDue = Infinity;
  attempts = 0;
  back = 0;
  givenUp = 0;
  /** When one last came back. */
  lastBackMicros = 0;

  constructor(context: PhaseContext, policy: ReturnPolicy) {
    this.#context = context;
    this.#policy = policy;
    this.#since = new Float64Array(context.connectionCount);
    this.#attempts = new Uint16Array(context.connectionCount);
  }

  /** A client is away since `sinceMicros`, and comes back as the policy says. */
  add(connection: number, sinceMicros: number): void {
    this.#since[connection] = sinceMicros;
    this.#attempts[connection] = 0;
    this.#schedule(connection, sinceMicros);
  }

  #schedule(connection: number, from: number, retryAfterSeconds = 0): void {
    const wait = this.#policy(this.#attempts[connection]!);
    if (wait === null) this.givenUp += 1;
    else this.#due.push(from + waitAtLeast(wait, retryAfterSeconds), connection);
  }

  /** How many are still away and will try. */
  get waiting(): number {
    return this.#due.length + this.#opening;
  }

  get failures(): FailureCounts {
    return this.#failures;
  }

  /** How long each that is back was away; microseconds, encoded. */
  get latency(): string {
    return this.#latency.encode();
  }

  /** Begins the attempts that are due; when it wants to be called again. */
  run(now: number): number {
    if (now >= this.#sweepDue) this.#sweep(now);
    for (let n = 0; n < beginsATurn && this.#due.next <= now; n += 1) {
      this.#context.meter.wasDelayed(now - this.#due.next);
      this.#begin(this.#due.pop());
    }
    if (this.#opening > 0 && this.#sweepDue === Infinity) this.#sweepDue = now + sweepMicros;
    return Math.min(this.#sweepDue, Math.max(now, this.#due.next));
  }

  #begin(connection: number): void {
    const { connections, endpoints, sharesLocalPorts, keepsPorts } = this.#context;
    const { serverPort, source, localPort } = endpoints(connection);
    this.attempts += 1;
    this.#opening += 1;
    this.#attempts[connection]! += 1;
    if (keepsPorts) connections.attempts.begin(connection, serverPort, source, localPort, sharesLocalPorts);
    else connections.attempts.begin(connection, serverPort, source, 0, false);
  }

  /** A connection has been opened. */
  opened(connection: number, now: number): void {
    this.#opening -= 1;
    this.back += 1;
    this.lastBackMicros = now;
    this.#latency.record(now - this.#since[connection]!);
  }

  /** An attempt has failed; it is made again, unless it would fail for the same reason. */
  failed(connection: number, cause: FailureCause, retryAfterSeconds: number, now: number): void {
    this.#opening -= 1;
    countCause(this.#failures, cause);
    if (isFinal(cause)) this.givenUp += 1;
    else this.#schedule(connection, now, retryAfterSeconds);
  }

  #sweep(now: number): void {
    const { connections, handshakeMicros } = this.#context;
    for (let fd = 0; fd < connections.table.size; fd += 1) {
      if (!connections.table.isOpening(fd)) continue;
      if (now - connections.table.beganMicros[fd]! >= handshakeMicros) connections.endings.expire(fd);
    }
    this.#sweepDue = this.#opening > 0 ? now + sweepMicros : Infinity;
  }
}
