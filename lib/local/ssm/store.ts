/** Things by their id, in the order in which they came; the oldest that are over are forgotten once there are too many. */
export interface Store<T> {
  readonly add: (id: string, item: T) => void;
  readonly get: (id: string) => T | undefined;
  /** The newest first, as SSM lists. */
  readonly newestFirst: () => readonly T[];
}

/**
 * A store that keeps at least the last `capacity` items. SSM keeps 30 days; a run that asks for its status every second would
 * fill the memory with that.
 */
export function createStore<T>(capacity: number, isOver: (item: T) => boolean): Store<T> {
  const items = new Map<string, T>();
  return {
    add: (id, item) => {
      items.set(id, item);
      for (const [oldId, old] of items) {
        if (items.size <= capacity) break;
        if (isOver(old)) items.delete(oldId);
      }
    },
    get: (id) => items.get(id),
    newestFirst: () => [...items.values()].toReversed(),
  };
}
