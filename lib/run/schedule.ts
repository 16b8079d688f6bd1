/** One server measured once, as planned. */
export interface ScheduledMeasurement {
  readonly server: string;
  /** From 1. */
  readonly repeat: number;
  /** The name of its folder under `raw/`. */
  readonly measurement: string;
}

/**
 * Every server `repeats` times, round after round, so that a drift of the machine touches all servers alike; each round begins
 * one server further, so that none is always first.
 */
export function scheduleMeasurements(servers: readonly string[], repeats: number): readonly ScheduledMeasurement[] {
  return Array.from({ length: repeats }, (_, round) => round).flatMap((round) =>
    servers.map((_server, place) => {
      const server = servers[(place + round) % servers.length] ?? '';
      return { server, repeat: round + 1, measurement: repeats === 1 ? server : `${server}-${round + 1}` };
    }),
  );
}

/** The same servers in random order; `random` gives numbers from 0 up to 1. */
export function shuffle(servers: readonly string[], random: () => number): readonly string[] {
  const order = [...servers];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] ?? '', order[last] ?? ''];
  }
  return order;
}
