/** One server measured once, as planned. */
export interface ScheduledMeasurement {
  readonly server: string;
  /** From 1. */
  readonly repeat: number;
  /** The name of its folder under `raw/`. */
  readonly measurement: string;
}

/** How the servers of a run follow each other. */
export type Order = 'given' | 'random';

/**
 * Every server `repeats` times, round after round, so that a drift of the machine touches all servers alike. In order `given`
 * every round is as the servers are named; in `random` each round is shuffled by itself with `random`, numbers from 0 up to 1.
 */
export function scheduleMeasurements(
  servers: readonly string[],
  repeats: number,
  order: Order,
  random: () => number,
): readonly ScheduledMeasurement[] {
  return Array.from({ length: repeats }, (_, round) => round + 1).flatMap((repeat) =>
    (order === 'random' ? shuffle(servers, random) : servers).map((server) => ({
      server,
      repeat,
      measurement: repeats === 1 ? server : `${server}-${repeat}`,
    })),
  );
}

/** The same servers in random order. */
function shuffle(servers: readonly string[], random: () => number): readonly string[] {
  const order = [...servers];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] ?? '', order[last] ?? ''];
  }
  return order;
}
