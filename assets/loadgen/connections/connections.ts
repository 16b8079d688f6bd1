import type { DeflateLayer, MakeDeflate } from '../deflate/deflate-layer.ts';
import type { Inflater } from '../deflate/inflater.ts';
import { monotonicMicros } from '../kernel/clock.ts';
import { Epoll, edgeTriggered, failed, hungUp, peerClosed, readable, writable } from '../kernel/epoll.ts';
import { errorNumbers } from '../kernel/error-numbers.ts';
import { errno } from '../kernel/libc.ts';
import { closeByReset } from '../kernel/tcp.ts';
import { ServerWords } from '../measure/server-words.ts';
import { causeOf } from '../measure/failure-causes.ts';
import type { HandshakeCounts } from '../tls/handshake-counts.ts';
import type { MakeSecure, SecureLayer } from '../tls/secure-layer.ts';
import { longestHeader } from '../websocket/frame-encoder.ts';
import { takeWholeMessages } from '../websocket/whole-messages.ts';
import type { Key } from '../websocket/keys.ts';
import { Attempts } from './attempts.ts';
import type { ConnectionEvents } from './connection-events.ts';
import {
  closingDown,
  connecting,
  ConnectionTable,
  free,
  open,
  openPartialFrame,
  securing,
  upgrading,
} from './connection-table.ts';
import { Dialer } from './dialer.ts';
import { Endings } from './endings.ts';
import { PartialFrames } from './partial-frames.ts';
import { FrameSender } from './sending/frame-sender.ts';
import { Reader } from './reader.ts';
import { SendQueue } from './sending/send-queue.ts';
import type { Target } from './target.ts';
import { Upgrades } from './upgrades.ts';

const watched = readable | peerClosed | edgeTriggered;
const eventsAtOnce = 512;
const { EAGAIN, EINTR } = errorNumbers;

/** What is between sockets and messages beside frames. */
export interface ConnectionLayers {
  /** Makes what secures connections; null for plain ones. */
  readonly secure: MakeSecure | null;
  /** Makes what compresses messages; null where nothing is compressed. */
  readonly makeDeflate: MakeDeflate | null;
}

/** What connections need to be told once. */
export interface ConnectionsOptions extends ConnectionLayers {
  /** How many there are to be at most. */
  readonly capacity: number;
  /** The number of the first among those of the host. @default 0 */
  readonly first?: number;
  readonly target: Target;
  readonly sources: readonly string[];
  readonly keys: readonly Key[];
}

/**
 * WebSocket client connections by the ten thousand: state lies in arrays indexed by descriptor, about 20 bytes a
 * connection; only one in the middle of a frame, or with unsent bytes, has an object.
 */
export class Connections {
  readonly table: ConnectionTable;
  readonly serverWords = new ServerWords();
  readonly #epoll = new Epoll(eventsAtOnce);
  readonly #reader: Reader;
  readonly #events: ConnectionEvents;
  readonly #state: Uint8Array;
  readonly #partialFrames: PartialFrames;
  readonly #queue = new SendQueue(this.#epoll, watched);
  readonly #sender: FrameSender;
  readonly #secure: SecureLayer | null;
  /** What compresses messages; null where nothing is. */
  readonly deflate: DeflateLayer | null;
  readonly #upgrades: Upgrades;
  /** How they begin. */
  readonly attempts: Attempts;
  /** How they end, whoever ends them. */
  readonly endings: Endings;
  readonly #watchers = new Map<number, () => void>();
  #current = 0;
  /** When the last wait ended: microseconds of the monotonic clock. */
  wokeMicros = monotonicMicros();

  constructor(options: ConnectionsOptions, events: ConnectionEvents) {
    const { capacity, first = 0, target, sources, keys, secure, makeDeflate } = options;
    // Descriptors are handed out from the lowest on: room for what the process has open besides.
    this.table = new ConnectionTable(capacity + 128);
    this.#state = this.table.state;
    this.#events = events;
    this.#reader = new Reader((fd, bytes, start, got) => this.#received(fd, bytes, start, got));
    this.#secure =
      secure?.(this.table.size, {
        data: (fd, bytes, start, end) => this.#content(fd, bytes, start, end),
        send: (fd, sealed, length) => void this.#endUnless(this.#queue.write(fd, sealed, length), fd),
      }) ?? null;
    this.deflate = makeDeflate?.(this.table.size) ?? null;
    this.#sender = new FrameSender(this.#queue, this.#secure, this.deflate);
    this.endings = new Endings(this.table, events, this.#sender, (fd) => this.#forget(fd));
    this.#upgrades = new Upgrades(target, keys, this.table.size, first, capacity);
    this.#partialFrames = new PartialFrames({
      message: (fd, opcode, bytes, start, end, tail) => events.message(fd, opcode, bytes, start, end, tail),
      ping: (fd, bytes, start, end) => this.#endUnless(this.#sender.sendPong(fd, bytes, start, end), fd),
      pong: (fd, bytes, start, end) => events.pong?.(fd, bytes, start, end),
      close: (fd, code, bytes, start, end) => {
        this.serverWords.closed(code, bytes, start, end);
        this.#sender.sendClose(fd, code === 1005 ? 1000 : code);
        this.#sender.sendEnd(fd);
        this.endings.end(fd, 'closeFrame');
      },
    });
    const parts = {
      epoll: this.#epoll,
      watched,
      dialer: new Dialer(target, sources),
      upgrades: this.#upgrades,
      sender: this.#sender,
      secure: this.#secure,
    };
    this.attempts = new Attempts(this.table, parts, {
      refused: (connection, cause) => events.connectFailed(connection, cause, 0),
      failed: (fd, cause) => this.endings.end(fd, cause),
    });
  }

  /** When the bytes at hand were read, or came if the kernel told: microseconds of the monotonic clock. */
  get now(): number {
    return this.#reader.now;
  }

  /** Whether {@link now} is to be when bytes came, for connections that are begun from now on and those of stampArrivals(). */
  set asksArrivals(asks: boolean) {
    this.#reader.asksArrivals = this.attempts.stampsArrivals = asks;
  }

  /** Whether it was so for the bytes that were read last. */
  get isToldArrivals(): boolean {
    return this.#reader.isToldArrivals;
  }

  /** Whether it is so for answers to attempts, and nothing that comes before them has to be read for an attempt to go on. */
  get isToldAnswers(): boolean {
    return this.isToldArrivals && this.attempts.sendsAtOnce;
  }

  /** Calls `use` when another descriptor (a pipe, say) becomes readable or is hung up. */
  watch(fd: number, use: () => void): void {
    this.#watchers.set(fd, use);
    if (!this.#epoll.add(fd, readable)) throw new Error(`cannot watch descriptor ${fd}: errno ${errno()}`);
  }

  /** Drops all that is kept of a descriptor besides its place in the table. */
  #forget(fd: number): void {
    this.#partialFrames.forget(fd);
    this.#upgrades.forget(fd);
    this.#sender.forget(fd);
    this.#reader.forget(fd);
    this.#secure?.forget(fd);
    this.deflate?.forget(fd);
  }

  /** Waits for events (at most so many microseconds) and handles them; false when there were none. */
  poll(timeoutMicros: number): boolean {
    const hasUnread = this.#reader.hasUnread;
    const count = this.#epoll.wait(hasUnread ? 0 : timeoutMicros);
    this.#reader.now = this.wokeMicros = monotonicMicros();
    if (count === 0 && !hasUnread) return false;
    for (let n = 0; n < count; n += 1) {
      const fd = this.#epoll.descriptor(n);
      const events = this.#epoll.events(n);
      const state = fd < this.table.size ? this.#state[fd]! : free;
      if (state === free) {
        this.#watchers.get(fd)?.();
        continue;
      }
      if ((events & (writable | failed | hungUp)) !== 0) {
        if (state === connecting) {
          if (!this.attempts.carryOn(fd) || this.#state[fd] !== upgrading) continue;
        } else if (this.#queue.waiting) this.#endUnless(this.#sender.sendRest(fd), fd);
      }
      // Until it is done, the handshake itself reads; what it leaves is for us.
      if (state === securing && (!this.attempts.carryOn(fd) || this.#state[fd] === securing)) continue;
      if ((events & (readable | peerClosed | failed | hungUp)) === 0) continue;
      this.#reader.add(fd, (events & (peerClosed | failed | hungUp)) !== 0);
    }
    this.#reader.flush();
    this.#reader.readOn();
    return true;
  }

  /** Takes the outcome of a read; false when the connection is gone. */
  #received(fd: number, bytes: Buffer, start: number, got: number): boolean {
    const state = this.#state[fd]!;
    if (got > 0) {
      if (this.#secure === null || state === closingDown) return this.#content(fd, bytes, start, start + got);
      const cause = this.#secure.take(fd, bytes, start, start + got);
      if (cause !== null && this.#state[fd] !== free) this.endings.end(fd, cause);
    } else if (state !== free && got !== -EAGAIN && got !== -EINTR) {
      this.endings.end(fd, got < 0 ? causeOf(-got) : 'closedByServer');
    }
    return this.#state[fd] !== free;
  }

  /** Takes what a connection has received, its TLS (if any) taken off; false when the connection is gone. */
  #content(fd: number, bytes: Buffer, start: number, end: number): boolean {
    const state = this.#state[fd]!;
    if (state === open) this.#frames(fd, bytes, start, end);
    else if (state === openPartialFrame) this.#partialFrame(fd, bytes, start, end);
    else if (state === upgrading) this.#response(fd, bytes, start, end);
    // What comes after our close frame is of no interest; before the request it is no HTTP.
    else if (state === connecting) this.endings.end(fd, 'badHandshake');
    return this.#state[fd] !== free;
  }

  #response(fd: number, bytes: Buffer, start: number, end: number): void {
    const { state, cause, reason, retryAfterSeconds, rest } = this.#upgrades.take(fd, bytes, start, end);
    if (state === 'partial') return;
    if (state === 'bad') {
      // A reset keeps the local port free for the next attempt.
      closeByReset(fd);
      this.serverWords.failed(cause, reason);
      this.endings.end(fd, cause, retryAfterSeconds);
      return;
    }
    this.#state[fd] = open;
    this.deflate?.opened(fd, this.#upgrades.extension);
    this.#events.opened(fd, this.table.connection[fd]!);
    // It may have been lost by what was sent first.
    if (this.#state[fd] !== open) return;
    if (rest !== null) this.#frames(fd, rest, 0, rest.length);
  }

  /** How many handshakes resumed a session, where they are to; else undefined. */
  get handshakes(): HandshakeCounts | undefined {
    return this.#secure?.resumes === true ? { ...this.#secure.counts } : undefined;
  }

  #frames(fd: number, bytes: Buffer, start: number, end: number): void {
    this.#current = fd;
    const rest = takeWholeMessages(bytes, start, end, this, this.#inflaterOf(fd));
    if (rest === end || this.#state[fd] !== open) return;
    this.#state[fd] = openPartialFrame;
    this.#partialFrame(fd, bytes, rest, end);
  }

  #inflaterOf(fd: number): Inflater | null {
    return this.deflate === null ? null : this.deflate.inflaterOf(fd);
  }

  #partialFrame(fd: number, bytes: Buffer, start: number, end: number): void {
    const violation = this.#partialFrames.push(fd, bytes, start, end, this.#inflaterOf(fd));
    if (this.#state[fd] !== openPartialFrame) return;
    if (violation !== null) {
      const { code, cause = 'protocolError', reason } = violation;
      this.#sender.sendClose(fd, code);
      this.serverWords.failed(cause, reason);
      this.endings.end(fd, cause);
    } else if (this.#partialFrames.settle(fd)) this.#state[fd] = open;
  }

  /** Called by the parser for each whole message of the connection at hand. */
  message(opcode: number, bytes: Uint8Array, start: number, end: number): void {
    this.#events.message(this.#current, opcode, bytes, start, end, 0);
  }

  /** Called by the parser for each pong of the connection at hand. */
  pong(bytes: Uint8Array, start: number, end: number): void {
    this.#events.pong?.(this.#current, bytes, start, end);
  }

  /** Sends a ping whose payload is a whole number in digits; false when the connection was lost by it. */
  sendPing(fd: number, payload: number): boolean {
    return this.#endUnless(this.#sender.sendPing(fd, payload), fd);
  }

  /** Sends a text message (ASCII), filled up to so many bytes with padding; false when the connection was lost by it. */
  sendText(fd: number, message: string, bytes: number = message.length): boolean {
    return this.#endUnless(this.#sender.sendText(fd, message, bytes), fd);
  }

  /** Sends a text message as it is; false when the connection was lost by it. */
  sendMessage(fd: number, message: Uint8Array): boolean {
    return this.#endUnless(this.#sender.sendMessage(fd, message), fd);
  }

  /** Whether a message of so many bytes can be sent on a connection, even if the kernel takes none of it now. */
  hasRoom(fd: number, bytes: number): boolean {
    return this.#queue.hasRoom(fd, bytes + longestHeader);
  }

  #endUnless(sent: boolean, fd: number): boolean {
    if (!sent) this.endings.end(fd, this.#sender.failure);
    return sent;
  }
}
