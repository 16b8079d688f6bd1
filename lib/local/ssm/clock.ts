/** The time that timestamps and time-outs go by. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls back once, after so many milliseconds, unless the returned function is called before. */
  readonly after: (millis: number, callback: () => void) => () => void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (millis, callback) => {
    // setTimeout fires at once for more than 2^31 - 1 milliseconds (24.8 days): SSM's longest time-out is 30 days.
    const timer = setTimeout(callback, Math.min(millis, 2 ** 31 - 1));
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Resolves after so many milliseconds, or when the signal is aborted before. */
export async function pause(clock: Clock, millis: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const stopTimer = clock.after(Math.max(0, millis), () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    const stop = (): void => {
      stopTimer();
      resolve();
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}
