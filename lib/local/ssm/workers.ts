/** A limited number of places to work in; who comes late waits in line. */
export interface Workers {
  /**
   * Resolves to a function that gives the place back, once there is one. Rejects with the signal's reason if it is aborted while
   * waiting.
   */
  readonly acquire: (signal: AbortSignal) => Promise<() => void>;
}

/** So many places to work in. */
export function createWorkers(limit: number): Workers {
  let free = limit;
  const waiting: (() => void)[] = [];

  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  const once = (): (() => void) => {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      release();
    };
  };

  return {
    acquire: async (signal) => {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return once();
      }
      await new Promise<void>((resolve, reject) => {
        const start = (): void => {
          signal.removeEventListener('abort', leave);
          resolve();
        };
        const leave = (): void => {
          waiting.splice(waiting.indexOf(start), 1);
          reject(signal.reason);
        };
        signal.addEventListener('abort', leave, { once: true });
        waiting.push(start);
      });
      return once();
    },
  };
}
