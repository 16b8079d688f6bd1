/** Connections by when they are due, the earliest first: a heap in two arrays, no object a connection. */
export class DueQueue {
  readonly #times: number[] = [];
  readonly #connections: number[] = [];

  get length(): number {
    return this.#times.length;
  }

  /** When the first is due; Infinity when there is none. */
  get next(): number {
    return this.#times[0] ?? Infinity;
  }

  /** Adds a connection that is due at a time. */
  push(due: number, connection: number): void {
    const [times, ids] = [this.#times, this.#connections];
    let at = times.push(due) - 1;
    ids.push(connection);
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
    const [times, ids] = [this.#times, this.#connections];
    const first = ids[0]!;
    const due = times.pop()!;
    const connection = ids.pop()!;
    const { length } = times;
    if (length === 0) return first;
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
    ids[at] = connection;
    return first;
  }
}
