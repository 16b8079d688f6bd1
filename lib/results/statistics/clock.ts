import type { RawHost, RawMeasurement } from '../raw/raw-run.ts';

/**
 * What to add to a host's monotonic microseconds to have Unix microseconds: the median over its samples. Null without samples.
 * Good to about a millisecond on one host and to the hosts' clock synchronisation between hosts: it places charts and windows of
 * processor time, and never makes a latency.
 */
function unixOffsetMicros(host: RawHost): number | null {
  const offsets = host.samples.map((sample) => sample.unixMillis * 1000 - sample.monotonicMicros).sort((a, b) => a - b);
  return offsets[Math.floor(offsets.length / 2)] ?? null;
}

/** Offsets of all hosts by name; hosts that share one machine share one monotonic clock and so one offset. */
export function unixOffsets(raw: RawMeasurement, hostsShareOneMachine: boolean): ReadonlyMap<string, number> {
  const own = new Map<string, number>();
  for (const host of raw.hosts) {
    const offset = unixOffsetMicros(host);
    if (offset !== null) own.set(host.host, offset);
  }
  const [any] = own.values();
  if (hostsShareOneMachine && any !== undefined) {
    for (const host of raw.hosts) if (!own.has(host.host)) own.set(host.host, any);
  }
  return own;
}
