/** How long the suite waits for what a correct server does at once, in milliseconds: generous, for a busy machine. */
export const patienceMillis = 10_000;

/** Settles as `promise` does, or fails with `no <what> within … s`. */
export async function within<T>(promise: Promise<T>, what: string, millis = patienceMillis): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no ${what} within ${millis / 1000} s`)), millis);
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
  const end = performance.now() + millis;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not so within ${millis / 1000} s: ${what} ${state()}`.trim());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
