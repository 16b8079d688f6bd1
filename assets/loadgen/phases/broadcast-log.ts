import type { Connections } from '../connections/connections.ts';
import { isPadding } from '../connections/padding.ts';
import { Histogram } from '../measure/histogram.ts';
import type { BroadcastRange } from '../plan/broadcast-turns.ts';

/** One broadcast as the members of one load process saw it. */
export interface BroadcastArrivalsRaw {
  readonly seq: number;
  /** Members of this process that were open when it first arrived here (or when collected, if it never did). */
  readonly members: number;
  readonly received: number;
  /** Arrivals beyond the first on the same connection. */
  readonly duplicates: number;
  /** Arrivals after a broadcast of higher number by the same publishing host, on the same connection. */
  readonly outOfOrder: number;
  readonly firstArrivalMicros: number | null;
  readonly lastArrivalMicros: number | null;
  /** Latency from the due time, only for broadcasts that this host published; else null. */
  readonly latency: string | null;
}

interface Broadcast {
  readonly members: number;
  received: number;
  duplicates: number;
  outOfOrder: number;
  firstMicros: number;
  lastMicros: number;
  readonly latency: Histogram | null;
  /** The latency as raw files have it, while nothing has arrived since. */
  encoded: { readonly received: number; readonly text: string } | null;
}

const none = -1;
const window = 32;
/** Arrivals may be found later than they came by this share of the broadcast's age, and never by more than so many microseconds. */
const gatherShare = 0.01;
const gatherMostMicros = 250;
/** Broadcasts that are taken before it is known how many there will be: other hosts may begin earlier. */
const unexpectedMost = 512;
/** So short a message is compared sooner than the native comparison is called. */
const fewBytes = 48;
/** A broadcast's number and due time take no more. */
const headerBytes = 25;

/**
 * What the members of one process got of the broadcasts. Each connection has the highest number it got, and a bit for each
 * of the 31 before, so that a late arrival can be told from a second one; what comes later still counts as late.
 * Broadcasts of different hosts may come in any order, for their publishers do not wait for each other.
 */
export class BroadcastLog {
  readonly #connections: Connections;
  readonly #hosts: number;
  readonly #hostIndex: number;
  readonly #last: Int32Array;
  // Bit n: broadcast last - n has arrived.
  readonly #arrived: Int32Array;
  readonly #distinct: Int32Array;
  readonly #broadcasts = new Map<number, Broadcast>();
  #ranges: readonly BroadcastRange[] = [];
  // Those that are waited for now.
  #firstSeq = 0;
  #expected = 0;
  // Members get the same bytes one after the other: those of the last one, and what they mean.
  #bytes = Buffer.alloc(0);
  #tail = 0;
  #seq = none;
  #dueMicros = 0;
  #broadcast: Broadcast | null = null;
  /** Broadcast messages, second arrivals included. */
  messagesReceived = 0;
  /** When a member last got a broadcast that it did not have. */
  lastArrivalMicros = 0;

  constructor(connections: Connections, hosts: number, hostIndex: number) {
    this.#connections = connections;
    this.#hosts = hosts;
    this.#hostIndex = hostIndex;
    this.#last = new Int32Array(connections.table.size).fill(none);
    this.#arrived = new Int32Array(connections.table.size);
    this.#distinct = new Int32Array(connections.table.size);
  }

  /** These are to come in the course of the workload. */
  know(ranges: readonly BroadcastRange[]): void {
    this.#ranges = ranges;
  }

  /** From now on broadcasts `firstSeq` to `firstSeq + count - 1` are waited for; some may have come already. */
  expect(firstSeq: number, count: number): void {
    this.#firstSeq = firstSeq;
    this.#expected = count;
    for (let fd = 0; fd < this.#distinct.length; fd += 1) {
      const ahead = this.#last[fd]! - firstSeq;
      // Bits of older ones are shifted out.
      this.#distinct[fd] =
        ahead < 0 ? 0 : bitCount(ahead + 1 < window ? this.#arrived[fd]! << (window - 1 - ahead) : this.#arrived[fd]!);
    }
  }

  /** A new connection has this descriptor. */
  opened(fd: number): void {
    this.#last[fd] = none;
    this.#arrived[fd] = 0;
    this.#distinct[fd] = 0;
  }

  /** Counts a message if it is a broadcast; false when it is something else. */
  take(fd: number, bytes: Uint8Array, start: number, end: number, tail: number, now: number, members: number): boolean {
    if (!this.#isSame(bytes, start, end, tail) && !this.#read(bytes, start, end, tail, members)) return false;
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
    if (seq >= this.#firstSeq) this.#distinct[fd]! += 1;
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
  gatherMicros(now: number, hadArrivals: boolean): number {
    const broadcast = this.#broadcast;
    if (!hadArrivals || broadcast === null || broadcast.received >= broadcast.members) return 0;
    return Math.min((now - broadcast.firstMicros) * gatherShare, gatherMostMicros);
  }

  #isSame(bytes: Uint8Array, start: number, end: number, tail: number): boolean {
    const same = this.#bytes;
    const { length } = same;
    if (length !== end - start || length === 0 || tail !== this.#tail) return false;
    if (length > fewBytes) return same.compare(bytes, start, end) === 0;
    for (let n = 0; n < length; n += 1) if (bytes[start + n] !== same[n]) return false;
    return true;
  }

  #read(bytes: Uint8Array, start: number, end: number, tail: number, members: number): boolean {
    const head = Math.min(end, start + headerBytes);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, head - start).toString('latin1');
    const match = /^(\d{1,7}) (\d{1,16})(?:[^\d]|$)/.exec(text);
    if (match === null || tail < 0 || !this.#mayExist(Number(match[1]))) return false;
    const [, seq = '', dueMicros = ''] = match;
    const header = seq.length + 1 + dueMicros.length;
    const range = this.#rangeOf(Number(seq));
    if (range !== undefined && end - start + tail !== Math.max(header, range.bytes)) return false;
    if (!isPadding(bytes, start + header, end, header)) return false;
    this.#seq = Number(seq);
    this.#dueMicros = Number(dueMicros);
    this.#bytes = Buffer.from(bytes.subarray(start, end));
    this.#tail = tail;
    this.#broadcast = this.#of(this.#seq, members);
    return true;
  }

  /** Whether a number can be a broadcast's: a server that makes numbers up must not fill the memory. */
  #mayExist(seq: number): boolean {
    if (this.#ranges.length > 0) return this.#rangeOf(seq) !== undefined;
    return this.#broadcasts.has(seq) || this.#broadcasts.size < unexpectedMost;
  }

  #rangeOf(seq: number): BroadcastRange | undefined {
    return this.#ranges.find(({ firstSeq, times }) => seq >= firstSeq && seq < firstSeq + times);
  }

  /** How many hosts take turns to publish a broadcast and its fellows, and its place among these. */
  #turnOf(seq: number): { readonly owners: number; readonly place: number } {
    const range = this.#rangeOf(seq);
    return { owners: Math.min(this.#hosts, range?.times ?? this.#hosts), place: seq - (range?.firstSeq ?? 0) };
  }

  #isOwn(seq: number): boolean {
    const { owners, place } = this.#turnOf(seq);
    return place % owners === this.#hostIndex;
  }

  #of(seq: number, members: number): Broadcast {
    const known = this.#broadcasts.get(seq);
    if (known !== undefined) return known;
    // Two back nearly all has arrived: its histogram needs no room for what it has not seen.
    this.#broadcasts.get(seq - 2)?.latency?.compact();
    const broadcast = this.#never(seq, members);
    this.#broadcasts.set(seq, broadcast);
    return broadcast;
  }

  #isSecond(fd: number, behind: number): boolean {
    return behind < window && (this.#arrived[fd]! & (1 << behind)) !== 0;
  }

  /** Whether a later broadcast of the same publisher has arrived before this one. */
  #isOutOfOrder(fd: number, behind: number): boolean {
    const { owners } = this.#turnOf(this.#seq);
    for (let later = behind - owners; later >= 0; later -= owners) {
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

  /** First arrivals of some broadcasts. */
  receivedOf(firstSeq: number, count: number): number {
    let received = 0;
    for (const [seq, broadcast] of this.#broadcasts) {
      if (seq >= firstSeq && seq < firstSeq + count) received += broadcast.received;
    }
    return received;
  }

  /** One entry for each of `count` broadcasts, arrived or not. */
  raw(firstSeq: number, count: number, membersNow: number): readonly BroadcastArrivalsRaw[] {
    return Array.from({ length: count }, (_, n): BroadcastArrivalsRaw => {
      const seq = firstSeq + n;
      const broadcast = this.#broadcasts.get(seq) ?? this.#never(seq, membersNow);
      const { members, received, duplicates, outOfOrder, firstMicros, lastMicros, latency } = broadcast;
      return {
        seq,
        members,
        received,
        duplicates,
        outOfOrder,
        firstArrivalMicros: received > 0 ? Math.round(firstMicros) : null,
        lastArrivalMicros: received > 0 ? Math.round(lastMicros) : null,
        latency: latency === null ? null : this.#encode(broadcast, latency),
      };
    });
  }

  /** Raw files are written more than once: what has come whole is not encoded again. */
  #encode(broadcast: Broadcast, latency: Histogram): string {
    const { received } = broadcast;
    if (broadcast.encoded?.received !== received) broadcast.encoded = { received, text: latency.encode() };
    return broadcast.encoded.text;
  }

  /** Broadcasts that came though no phase of the workload has them. */
  strays(membersNow: number): readonly BroadcastArrivalsRaw[] {
    const seqs = [...this.#broadcasts.keys()].filter((seq) => this.#rangeOf(seq) === undefined);
    return seqs.flatMap((seq) => this.raw(seq, 1, membersNow));
  }

  #never(seq: number, members: number): Broadcast {
    const latency = this.#isOwn(seq) ? new Histogram() : null;
    const times = { firstMicros: 0, lastMicros: 0 };
    return { members, received: 0, duplicates: 0, outOfOrder: 0, ...times, latency, encoded: null };
  }
}

/** How many bits of a 32-bit number are set. */
function bitCount(bits: number): number {
  let rest = bits;
  let count = 0;
  for (; rest !== 0; count += 1) rest &= rest - 1;
  return count;
}
