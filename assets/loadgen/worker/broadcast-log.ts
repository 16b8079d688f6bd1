import { Histogram } from '../measure/histogram.ts';
import type { BroadcastRaw } from '../raw.ts';
import type { Connections } from '../connections/connections.ts';

interface Broadcast {
  readonly members: number;
  received: number;
  duplicates: number;
  outOfOrder: number;
  firstMicros: number;
  lastMicros: number;
  readonly latency: Histogram | null;
}

const none = -1;
const window = 32;
/** Arrivals may be found later than they came by this share of the broadcast's age, and never by more than so many microseconds. */
const gatherShare = 0.01;
const gatherMostMicros = 250;
/** Broadcasts that are taken before it is known how many there will be: other hosts may begin earlier. */
const unexpectedMost = 4096;

/**
 * What the members of one process got of the broadcasts. Each connection has the highest number it got, and a bit for each
 * of the 31 before, so that a late arrival can be told from a second one; what comes later still counts as late.
 * Publishers are `publishers` hosts in turn, seq mod publishers: they do not wait for each other, so only two broadcasts
 * of the same one can be out of order.
 */
export class BroadcastLog {
  readonly #connections: Connections;
  readonly #publishers: number;
  readonly #last: Int32Array;
  // Bit n: broadcast last - n has arrived.
  readonly #arrived: Int32Array;
  readonly #distinct: Int32Array;
  readonly #broadcasts = new Map<number, Broadcast>();
  #expected = 0;
  #isOwn: (seq: number) => boolean = () => false;
  // Members get the same bytes one after the other: those of the last one, and what they mean.
  #bytes = Buffer.alloc(0);
  #seq = none;
  #dueMicros = 0;
  #broadcast: Broadcast | null = null;
  /** Broadcast messages, second arrivals included. */
  messagesReceived = 0;
  /** When a member last got a broadcast that it did not have. */
  lastArrivalMicros = 0;

  constructor(connections: Connections, publishers: number) {
    this.#connections = connections;
    this.#publishers = publishers;
    this.#last = new Int32Array(connections.table.size).fill(none);
    this.#arrived = new Int32Array(connections.table.size);
    this.#distinct = new Int32Array(connections.table.size);
  }

  /** From now on broadcasts 0 to `count` - 1 are expected, and latency is recorded for this host's own. */
  expect(count: number, isOwn: (seq: number) => boolean): void {
    this.#expected = count;
    this.#isOwn = isOwn;
  }

  /** A new connection has this descriptor. */
  opened(fd: number): void {
    this.#last[fd] = none;
    this.#arrived[fd] = 0;
    this.#distinct[fd] = 0;
  }

  /** Counts a message if it is a broadcast; false when it is something else. */
  take(fd: number, bytes: Uint8Array, start: number, end: number, now: number, members: number): boolean {
    if (!this.#isSame(bytes, start, end) && !this.#read(bytes, start, end, members)) return false;
    const broadcast = this.#broadcast!;
    const seq = this.#seq;
    this.messagesReceived += 1;
    const ahead = seq - this.#last[fd]!;
    if (ahead > 0) {
      this.#last[fd] = seq;
      this.#arrived[fd] = ahead < window ? (this.#arrived[fd]! << ahead) | 1 : 1;
    } else if (this.#isSecond(fd, -ahead)) {
      broadcast.duplicates += 1;
      return true;
    } else {
      if (this.#isOutOfOrder(fd, -ahead)) broadcast.outOfOrder += 1;
      if (-ahead < window) this.#arrived[fd]! |= 1 << -ahead;
    }
    this.#distinct[fd]! += 1;
    this.lastArrivalMicros = now;
    if (broadcast.received === 0) broadcast.firstMicros = now;
    broadcast.received += 1;
    broadcast.lastMicros = now;
    broadcast.latency?.record(now - this.#dueMicros);
    return true;
  }

  /**
   * How long arrivals may be left to gather before they are read: nothing while the latest broadcast has only begun to arrive,
   * and a hundredth of its age later, which is no more than a hundredth of the latency that is recorded.
   */
  gatherMicros(now: number): number {
    const broadcast = this.#broadcast;
    if (broadcast === null || broadcast.received >= broadcast.members) return 0;
    return Math.min((now - broadcast.firstMicros) * gatherShare, gatherMostMicros);
  }

  #isSame(bytes: Uint8Array, start: number, end: number): boolean {
    const same = this.#bytes;
    if (same.length !== end - start || same.length === 0) return false;
    for (let n = 0; n < same.length; n += 1) if (bytes[start + n] !== same[n]) return false;
    return true;
  }

  #read(bytes: Uint8Array, start: number, end: number, members: number): boolean {
    const message = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
    const match = /^(\d{1,7}) (\d{1,16})$/.exec(message);
    if (match === null || !this.#mayExist(Number(match[1]))) return false;
    this.#seq = Number(match[1]);
    this.#dueMicros = Number(match[2]);
    this.#bytes = Buffer.from(message, 'latin1');
    this.#broadcast = this.#of(this.#seq, members);
    return true;
  }

  /** Whether a number can be a broadcast's: a server that makes numbers up must not fill the memory. */
  #mayExist(seq: number): boolean {
    if (this.#expected > 0) return seq < this.#expected;
    return this.#broadcasts.has(seq) || this.#broadcasts.size < unexpectedMost;
  }

  #of(seq: number, members: number): Broadcast {
    const known = this.#broadcasts.get(seq);
    if (known !== undefined) return known;
    // Two back nearly all has arrived: its histogram needs no room for what it has not seen.
    this.#broadcasts.get(seq - 2)?.latency?.compact();
    const latency = this.#isOwn(seq) ? new Histogram() : null;
    const broadcast = { members, received: 0, duplicates: 0, outOfOrder: 0, firstMicros: 0, lastMicros: 0, latency };
    this.#broadcasts.set(seq, broadcast);
    return broadcast;
  }

  #isSecond(fd: number, behind: number): boolean {
    return behind < window && (this.#arrived[fd]! & (1 << behind)) !== 0;
  }

  /** Whether a later broadcast of the same publisher has arrived before this one. */
  #isOutOfOrder(fd: number, behind: number): boolean {
    for (let later = behind - this.#publishers; later >= 0; later -= this.#publishers) {
      if (this.#isSecond(fd, later)) return true;
    }
    return false;
  }

  /** How many expected broadcasts have not arrived, summed over the open members. */
  pending(): number {
    if (this.#expected === 0) return 0;
    let pending = 0;
    for (let fd = 0; fd < this.#connections.table.size; fd += 1) {
      if (this.#connections.table.isOpen(fd)) pending += Math.max(0, this.#expected - this.#distinct[fd]!);
    }
    return pending;
  }

  /** One entry for each broadcast that arrived or was expected. */
  raw(membersNow: number): readonly BroadcastRaw[] {
    const seqs = new Set([...Array(this.#expected).keys(), ...this.#broadcasts.keys()]);
    return [...seqs].map((seq): BroadcastRaw => {
      const broadcast = this.#broadcasts.get(seq);
      if (broadcast === undefined) {
        const latency = this.#isOwn(seq) ? new Histogram().encode() : null;
        return {
          seq,
          members: membersNow,
          received: 0,
          duplicates: 0,
          outOfOrder: 0,
          firstArrivalMicros: null,
          lastArrivalMicros: null,
          latency,
        };
      }
      return {
        seq,
        members: broadcast.members,
        received: broadcast.received,
        duplicates: broadcast.duplicates,
        outOfOrder: broadcast.outOfOrder,
        firstArrivalMicros: broadcast.received > 0 ? Math.round(broadcast.firstMicros) : null,
        lastArrivalMicros: broadcast.received > 0 ? Math.round(broadcast.lastMicros) : null,
        latency: broadcast.latency?.encode() ?? null,
      };
    });
  }
}
