import type { FailureCounts } from '../raw.ts';
import type { PhaseOf } from '../workload/phase-kinds.ts';
import type { PhaseContext, PhaseRun, PhaseTimes } from './phase-run.ts';
import { returnPolicies, Returns } from './returns.ts';

/** What one load process measured of a reconnect storm. */
export interface StormRaw {
  /** Connections that were cut, and those that were back before the phase ended. */
  readonly cut: number;
  readonly back: number;
  readonly attempts: number;
  readonly failures: FailureCounts;
  /** Connections that were reset although they were to vanish: the kernel allows that with CAP_NET_ADMIN only. */
  readonly resetInstead: number;
  /** From the cut until a client was back. */
  readonly latency: string;
}

/** A share of the connections is cut at once, and each client comes back. */
export class Storm implements PhaseRun<StormRaw> {
  readonly #phase: PhaseOf<'storm'>;
  readonly #context: PhaseContext;
  readonly returns: Returns;
  #beginMicros = Infinity;
  #hasCut = false;
  #cut = 0;
  #resetInstead = 0;

  constructor(phase: PhaseOf<'storm'>, context: PhaseContext) {
    this.#phase = phase;
    this.#context = context;
    this.returns = new Returns(context, returnPolicies[phase.backoff]);
  }

  start({ beginMicros }: PhaseTimes): void {
    this.#beginMicros = beginMicros;
  }

  sentAll(): boolean {
    return this.#hasCut;
  }

  waiting(): number {
    return this.returns.waiting;
  }

  get lastActivityMicros(): number {
    return Math.max(this.#beginMicros, this.returns.lastBackMicros);
  }

  run(now: number): number {
    if (now < this.#beginMicros) return this.#beginMicros;
    if (!this.#hasCut) this.#cutAll();
    return this.returns.run(now);
  }

  /** Cuts every n-th of the open connections, so that all server ports lose the same share. */
  #cutAll(): void {
    this.#hasCut = true;
    const { connections, cut } = this.#context;
    const share = this.#phase.cutPercent / 100;
    let seen = 0;
    for (let fd = 0; fd < connections.table.size; fd += 1) {
      if (!connections.table.isOpen(fd)) continue;
      seen += 1;
      if (Math.floor(seen * share) === Math.floor((seen - 1) * share)) continue;
      this.#cut += 1;
      const connection = connections.table.connection[fd]!;
      if (!cut(fd, this.#phase.by === 'silence')) this.#resetInstead += 1;
      this.returns.add(connection, this.#beginMicros);
    }
  }

  counts(): Readonly<Record<string, number>> {
    return { cut: this.#cut, back: this.returns.back };
  }

  raw(): StormRaw {
    return {
      cut: this.#cut,
      back: this.returns.back,
      attempts: this.returns.attempts,
      failures: this.returns.failures,
      resetInstead: this.#resetInstead,
      latency: this.returns.latency,
    };
  }
}
