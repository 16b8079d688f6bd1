import type { Clock } from '../../../lib/local/ssm/clock.ts';

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Moves the time on and fires the timers that are due, in their order. */
  readonly advance: (millis: number) => void;
}

/** A clock that begins on 2026-11-22 at 18:30 UTC. */
export function createManualClock(): ManualClock {
  let now = Date.UTC(2026, 10, 22, 18, 30);
  const timers = new Set<{ readonly due: number; readonly callback: () => void }>();
  return {
    now: () => now,
    after: (millis, callback) => {
      const timer = { due: now + millis, callback };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    advance: (millis) => {
      now += millis;
      const due = [...timers].filter((timer) => timer.due <= now).sort((left, right) => left.due - right.due);
      for (const timer of due) {
        if (timers.delete(timer)) timer.callback();
      }
    },
  };
}
