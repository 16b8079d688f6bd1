import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a condition of a test may take to come true. */
const deadlineMillis = 20_000;

/** Waits until `probe` gives something else than undefined or false, and gives that; fails after a generous deadline. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = Date.now() + deadlineMillis;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    assert.ok(Date.now() < deadline, `still waiting after ${deadlineMillis} ms: ${what}`);
    await sleep(5);
  }
}
