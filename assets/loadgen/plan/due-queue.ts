/** Arrays longer than this are let go when the queue is empty. */
const longestKept = 1024;

/** Connections by when they are due, the earliest first: a heap in two arrays, no object a connection. */
export class DueQueue {
  // The first `length` of each. They do not shrink with every pop, after which V8 would have to make them anew.
  #times: number[] = [];
  #connections: number[] = [];
  length = 0;

  /** When the first is due; Infinity when there is none. */
  get next(): number {
    return this.length === 0 ? Infinity : this.#times[0]!;
  }

  /** Adds a connection that is due at a time. */
  push(due: number, connection: number): void {
    const times = this.#times;
    const ids = this.#connections;
    let at = this.length++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (times[parent]! <= due) break;
      times[at] = times[parent]!;
      ids[at] = ids[parent]!;
      at = parent;
    }
    times[at] = due;
    ids[at] = connection;
  }

  /** Takes the one that is due first; there must be one. */
  pop(): number {
    const times = this.#times;
    const ids = this.#connections;
    const first = ids[0]!;
    this.length -= 1;
    const { length } = this;
    if (length === 0) {
      if (times.length > longestKept) [this.#times, this.#connections] = [[], []];
      return first;
    }
    const due = times[length]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && times[child + 1]! < times[child]!) child += 1;
      if (times[child]! >= due) break;
      times[at] = times[child]!;
      ids[at] = ids[child]!;
      at = child;
    }
    times[at] = due;
    ids[at] = ids[length]!;
    return first;
  }
}
