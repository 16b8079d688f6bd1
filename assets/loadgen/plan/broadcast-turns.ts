import type { PhaseOf, Workload } from '../workload/phase-kinds.ts';

/** The broadcasts of one phase: numbers go on from phase to phase. */
export interface BroadcastRange {
  readonly firstSeq: number;
  readonly times: number;
  /** Bytes of each message. */
  readonly bytes: number;
}

/** The broadcasts of each phase of a workload, null for phases that have none. */
export function broadcastRanges(workload: Workload): readonly (BroadcastRange | null)[] {
  let firstSeq = 0;
  return workload.map((phase) => {
    if (phase.kind !== 'broadcast') return null;
    const { times, bytes } = phase;
    firstSeq += times;
    return { firstSeq: firstSeq - times, times, bytes };
  });
}

/** The broadcasts of a phase that one host publishes, on a grid of the wall clock that all hosts share. */
export interface BroadcastTurns {
  /** How many hosts publish. */
  readonly owners: number;
  /** Sequence numbers of this host's broadcasts; none when it is not among the owners. */
  readonly seqs: readonly number[];
  /** Unix time in microseconds at which the first of the whole lab is due. */
  readonly beginUnixMicros: number;
  /** Unix time in microseconds at which the last of the whole lab is due. */
  readonly endsUnixMicros: number;
  /** Unix time in microseconds at which this host's first is due. */
  readonly firstUnixMicros: number;
  /** Microseconds from one of this host's to the next. */
  readonly stepMicros: number;
}

/**
 * The turns of host `hostIndex` among `hosts` for K broadcasts every S seconds: with O = min(hosts, K) owners, owner i
 * publishes at the start of the slots n (of S seconds, counted from 1970) with n mod O = i, from the first round of O slots
 * that begins after `notBeforeUnixMicros` on. The first of all has the number `firstSeq`.
 */
export function broadcastTurns(
  { times, intervalSeconds }: Pick<PhaseOf<'broadcast'>, 'times' | 'intervalSeconds'>,
  firstSeq: number,
  hosts: number,
  hostIndex: number,
  notBeforeUnixMicros: number,
): BroadcastTurns {
  const owners = Math.min(hosts, times);
  const intervalMicros = intervalSeconds * 1e6;
  const seqs: number[] = [];
  for (let n = hostIndex; n < times; n += owners) if (hostIndex < owners) seqs.push(firstSeq + n);
  const stepMicros = owners * intervalMicros;
  // A whole round on, not just the next own slot: else the second host's first broadcast could precede the first host's.
  const beginUnixMicros = Math.ceil(notBeforeUnixMicros / stepMicros) * stepMicros;
  return {
    owners,
    seqs,
    beginUnixMicros,
    endsUnixMicros: beginUnixMicros + (times - 1) * intervalMicros,
    firstUnixMicros: beginUnixMicros + hostIndex * intervalMicros,
    stepMicros,
  };
}
