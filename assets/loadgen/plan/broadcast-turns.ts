/** The broadcasts that one host publishes, on a grid of the wall clock that all hosts share. */
export interface BroadcastTurns {
  /** How many hosts publish. */
  readonly owners: number;
  /** Sequence numbers of this host's broadcasts; none when it is not among the owners. */
  readonly seqs: readonly number[];
  /** Unix time in microseconds at which the first of them is due. */
  readonly firstUnixMicros: number;
  /** Microseconds from one of them to the next. */
  readonly stepMicros: number;
}

/**
 * The turns of host `hostIndex` among `hosts` for K broadcasts every S seconds: with O = min(hosts, K) owners, owner i
 * publishes at the start of the slots n (of S seconds, counted from 1970) with n mod O = i, from the first round of O slots
 * that begins after `notBeforeUnixMicros` on.
 */
export function broadcastTurns(
  broadcasts: number,
  intervalSeconds: number,
  hosts: number,
  hostIndex: number,
  notBeforeUnixMicros: number,
): BroadcastTurns {
  const owners = Math.min(hosts, broadcasts);
  const intervalMicros = intervalSeconds * 1e6;
  const seqs: number[] = [];
  for (let seq = hostIndex; seq < broadcasts; seq += owners) if (hostIndex < owners) seqs.push(seq);
  const stepMicros = owners * intervalMicros;
  // A whole round on, not just the next own slot: else the second host's first broadcast could precede the first host's.
  const roundMicros = Math.ceil(notBeforeUnixMicros / stepMicros) * stepMicros;
  return { owners, seqs, firstUnixMicros: roundMicros + hostIndex * intervalMicros, stepMicros };
}
