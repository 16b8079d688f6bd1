import { setTimeout as pause } from 'node:timers/promises';

/** Waits for work to be done, but no longer than so many milliseconds. Rejects when the work does meanwhile. */
export async function within(millis: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const limit = pause(millis, undefined, { signal: done.signal }).catch(() => undefined);
  try {
    await Promise.race([work, limit]);
  } finally {
    done.abort();
  }
}
