import { setTimeout as pause } from 'node:timers/promises';

type Maybe<T> = T | undefined | false;

/** How long a condition of a test may take to come true, on a busy machine, too. */
const deadlineSeconds = 120;

/** Waits until `probe` gives something else than undefined or false, and gives that; throws at the deadline with what it waited for. */
export async function until<T>(what: string, probe: () => Maybe<T> | Promise<Maybe<T>>): Promise<T> {
  const deadline = Date.now() + deadlineSeconds * 1000;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`after ${deadlineSeconds} s still waiting: ${what}`);
    await pause(20);
  }
}
