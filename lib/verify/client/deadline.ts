import { availableParallelism, loadavg } from 'node:os';

/** How long the suite waits for what a correct server does at once, in milliseconds, on a machine with nothing else to do. */
export const patienceMillis = 10_000;

/** What a wait may become on a machine that others use, as a multiple. */
const mostStretch = 12;

/**
 * A server among many runnable processes has its share of the processors only: it is given as much more time as there are more of them,
 * and twice that, because a runtime's own threads (its compiler, its collector) share what it gets. A machine with no more of them than
 * processors, as where nothing but the suite and its server run, is no reason.
 */
function stretch(): number {
  const runnablePerProcessor = (loadavg()[0] ?? 0) / availableParallelism();
  return runnablePerProcessor > 1 ? Math.min(mostStretch, 2 * runnablePerProcessor) : 1;
}

/** Milliseconds that are left of a wait of `millis`, which began at `start` (performance.now()), as busy as the machine is now. */
export function millisLeft(start: number, millis: number): number {
  return start + millis * stretch() - performance.now();
}

export function secondsSince(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(0)} s`;
}

/** Settles as `promise` does, or fails with `no <what> within … s`; `millis` get more on a busy machine. */
export async function within<T>(promise: Promise<T>, what: string, millis = patienceMillis): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const start = performance.now();
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const left = millisLeft(start, millis);
    if (left > 0) timer = setTimeout(look, Math.ceil(left));
    else reject(new Error(`no ${what} within ${secondsSince(start)}`));
  };
  timer = setTimeout(look, millis);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again until `condition` holds; fails with `not so within … s: <what>`, and what `state` then says. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  state: () => string = () => '',
  millis = patienceMillis,
): Promise<void> {
  const start = performance.now();
  while (!(await condition())) {
    if (millisLeft(start, millis) < 0)
      throw new Error(`not so within ${secondsSince(start)}: ${what} ${state()}`.trim());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
