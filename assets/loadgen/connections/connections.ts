import { monotonicMicros } from '../kernel/clock.ts';
import { Epoll, edgeTriggered, failed, hungUp, peerClosed, readable, writable } from '../kernel/epoll.ts';
import { errorNumbers } from '../kernel/error-numbers.ts';
import { close, errno } from '../kernel/libc.ts';
import { closeByReset, sendAtOnce } from '../kernel/tcp.ts';
import { causeOf } from '../measure/failure-causes.ts';
import type { FailureCause } from '../raw.ts';
import { takeWholeMessages } from '../websocket/frame-parser.ts';
import type { Key } from '../websocket/keys.ts';
import type { ConnectionEvents } from './connection-events.ts';
import { Dialer } from './dialer.ts';
import { MidFrames } from './mid-frame.ts';
import { Outbox } from './outbox.ts';
import { Reader } from './reader.ts';
import type { Target } from './target.ts';
import { Upgrades } from './upgrades.ts';

/** What a connection is doing. One byte a descriptor. */
const free = 0;
const connecting = 1;
const upgrading = 2;
const open = 3;
/** Open, and in the middle of a frame or message: a parser keeps what is needed of it. */
const openMidFrame = 4;
/** A close frame has been sent. */
const closingDown = 5;

const watched = readable | peerClosed | edgeTriggered;
const eventsAtOnce = 512;
const goodbyesAClock = 64;
const { EAGAIN, EINTR } = errorNumbers;

/** What connections need to be told once. */
export interface ConnectionsOptions {
  /** How many there are to be at most. */
  readonly capacity: number;
  readonly target: Target;
  readonly sources: readonly string[];
  readonly keys: readonly Key[];
}

/**
 * WebSocket client connections by the ten thousand: state lies in arrays indexed by descriptor, about 20 bytes a
 * connection; only one in the middle of a frame, or with unsent bytes, has an object.
 */
export class Connections {
  readonly #epoll = new Epoll(eventsAtOnce);
  readonly #reader: Reader;
  readonly #events: ConnectionEvents;
  readonly #state: Uint8Array;
  readonly #connection: Int32Array;
  readonly #serverPort: Uint16Array;
  readonly #beganMicros: Float64Array;
  readonly #midFrames: MidFrames;
  readonly #outbox = new Outbox(this.#epoll, watched);
  readonly #upgrades: Upgrades;
  readonly #dialer: Dialer;
  readonly #watchers = new Map<number, () => void>();
  #closing = 0;
  #current = 0;
  // How often in a row a request could not be sent right after connect(): on loopback it always can, on a network never.
  #tooEarly = 0;
  /** When the last wait ended: microseconds of the monotonic clock. */
  wokeMicros = monotonicMicros();

  constructor({ capacity, target, sources, keys }: ConnectionsOptions, events: ConnectionEvents) {
    // Descriptors are handed out from the lowest on: room for what the process has open besides.
    const size = capacity + 128;
    this.#state = new Uint8Array(size);
    this.#connection = new Int32Array(size);
    this.#serverPort = new Uint16Array(size);
    this.#beganMicros = new Float64Array(size);
    this.#events = events;
    this.#reader = new Reader((fd, bytes, start, got) => this.#received(fd, bytes, start, got));
    this.#upgrades = new Upgrades(target, keys, size);
    this.#midFrames = new MidFrames({
      message: (fd, opcode, bytes, start, end) => events.message(fd, opcode, bytes, start, end),
      longMessage: (fd) => events.longMessage(fd),
      ping: (fd, bytes, start, end) => this.#endUnless(this.#outbox.sendPong(fd, bytes, start, end), fd),
      close: (fd, code) => {
        this.#outbox.sendClose(fd, code === 1005 ? 1000 : code);
        this.#end(fd, 'closeFrame');
      },
    });
    this.#dialer = new Dialer(target, sources);
  }

  /** When the bytes at hand were read: microseconds of the monotonic clock. */
  get now(): number {
    return this.#reader.now;
  }

  /** Highest descriptor that can be a connection, plus one. */
  get size(): number {
    return this.#state.length;
  }

  /** When the attempt on this descriptor was begun. */
  beganMicros(fd: number): number {
    return this.#beganMicros[fd]!;
  }

  /** The connection's number, as it was given to {@link begin}. */
  connection(fd: number): number {
    return this.#connection[fd]!;
  }

  /** Index of the server port that a descriptor is connected to. */
  serverPort(fd: number): number {
    return this.#serverPort[fd]!;
  }

  isOpen(fd: number): boolean {
    const state = this.#state[fd]!;
    return state === open || state === openMidFrame;
  }

  isOpening(fd: number): boolean {
    const state = this.#state[fd]!;
    return state === connecting || state === upgrading;
  }

  /** Calls `use` when another descriptor (a pipe, say) becomes readable or is hung up. */
  watch(fd: number, use: () => void): void {
    this.#watchers.set(fd, use);
    if (!this.#epoll.add(fd, readable)) throw new Error(`cannot watch descriptor ${fd}: errno ${errno()}`);
  }

  /**
   * Begins one attempt. `localPort` 0 leaves the choice to the kernel. Returns the descriptor, or -1 when it failed at
   * once ({@link ConnectionEvents.connectFailed} has been called then).
   */
  begin(connection: number, serverPort: number, source: number, localPort: number, shareLocalPort: boolean): number {
    const fd = this.#dialer.dial(serverPort, source, localPort, shareLocalPort);
    if (fd < 0) return this.#refused(connection, causeOf(-fd));
    if (fd >= this.#state.length) {
      close(fd);
      return this.#refused(connection, 'EMFILE');
    }
    this.#connection[fd] = connection;
    this.#serverPort[fd] = serverPort;
    this.#upgrades.begin(fd);
    this.#beganMicros[fd] = monotonicMicros();
    this.#state[fd] = connecting;
    // Where the request can be sent right away (loopback), neither the event for it nor watching for it is needed.
    if (this.#tooEarly < 16 && !this.#sendRequest(fd)) return -1;
    const events = this.#state[fd] === upgrading ? watched : watched | writable;
    if (this.#epoll.add(fd, events)) return fd;
    this.#state[fd] = free;
    const cause = causeOf(errno());
    close(fd);
    return this.#refused(connection, cause);
  }

  #refused(connection: number, cause: FailureCause): -1 {
    this.#events.connectFailed(connection, cause);
    return -1;
  }

  /** Sends the upgrade request; false when the attempt has failed. */
  #sendRequest(fd: number): boolean {
    const outcome = this.#upgrades.send(fd, this.#serverPort[fd]!);
    if (outcome === 'sent') {
      this.#tooEarly = 0;
      this.#state[fd] = upgrading;
      return true;
    }
    const error = outcome === 'refused' ? errno() : 0;
    if (error === EAGAIN) {
      this.#tooEarly += 1;
      return true;
    }
    // A new socket's buffer takes a few hundred bytes whole or not at all.
    this.#end(fd, error === 0 ? 'other' : causeOf(error));
    return false;
  }

  /** Gives up on a descriptor, whatever its state, and tells why. */
  #end(fd: number, cause: FailureCause): void {
    const state = this.#state[fd]!;
    if (state === open || state === openMidFrame) this.#events.lost(fd, cause);
    if (state === closingDown) this.#closing -= 1;
    this.#state[fd] = free;
    this.#midFrames.forget(fd);
    this.#upgrades.forget(fd);
    this.#outbox.forget(fd);
    close(fd);
    if (state === connecting || state === upgrading) this.#events.connectFailed(this.#connection[fd]!, cause);
  }

  /** Ends an attempt that took too long. */
  expire(fd: number): void {
    closeByReset(fd);
    this.#end(fd, this.#state[fd] === upgrading ? 'handshakeTimeout' : 'ETIMEDOUT');
  }

  /** Waits for events (at most so many microseconds) and handles them; false when there were none. */
  turn(timeoutMicros: number): boolean {
    const count = this.#epoll.wait(timeoutMicros);
    this.wokeMicros = monotonicMicros();
    this.#reader.now = this.wokeMicros;
    if (count === 0) return false;
    for (let n = 0; n < count; n += 1) {
      const fd = this.#epoll.descriptor(n);
      const events = this.#epoll.events(n);
      const state = fd < this.#state.length ? this.#state[fd]! : free;
      if (state === free) {
        this.#watchers.get(fd)?.();
        continue;
      }
      if ((events & (writable | failed | hungUp)) !== 0) {
        if (state === connecting) {
          if (!this.#sendRequest(fd)) continue;
        } else if (this.#outbox.waiting) this.#endUnless(this.#outbox.sendRest(fd), fd);
      }
      if ((events & (readable | peerClosed | failed | hungUp)) === 0) continue;
      this.#reader.add(fd, (events & (peerClosed | failed | hungUp)) !== 0);
    }
    this.#reader.flush();
    return true;
  }

  /** Takes the outcome of a read; false when the connection is gone. */
  #received(fd: number, bytes: Buffer, start: number, got: number): boolean {
    const state = this.#state[fd]!;
    if (got > 0) {
      if (state === open) this.#frames(fd, bytes, start, start + got);
      else if (state === openMidFrame) this.#framesMid(fd, bytes, start, start + got);
      else if (state === upgrading) this.#response(fd, bytes, start, start + got);
      // What comes after our close frame is of no interest; before the request it is no HTTP.
      else if (state === connecting) this.#end(fd, 'badHandshake');
    } else if (state !== free && got !== -EAGAIN && got !== -EINTR) {
      this.#end(fd, got < 0 ? causeOf(-got) : 'closedByServer');
    }
    return this.#state[fd] !== free;
  }

  #response(fd: number, bytes: Buffer, start: number, end: number): void {
    const { state, rest } = this.#upgrades.take(fd, bytes, start, end);
    if (state === 'partial') return;
    if (state === 'bad') {
      // A reset keeps the local port free for the next attempt.
      closeByReset(fd);
      this.#end(fd, 'badHandshake');
      return;
    }
    this.#state[fd] = open;
    this.#events.opened(fd, this.#connection[fd]!);
    if (rest !== null) this.#frames(fd, rest, 0, rest.length);
  }

  #frames(fd: number, bytes: Buffer, start: number, end: number): void {
    this.#current = fd;
    const rest = takeWholeMessages(bytes, start, end, this);
    if (rest === end || this.#state[fd] !== open) return;
    this.#state[fd] = openMidFrame;
    this.#framesMid(fd, bytes, rest, end);
  }

  #framesMid(fd: number, bytes: Buffer, start: number, end: number): void {
    const violation = this.#midFrames.push(fd, bytes, start, end);
    if (this.#state[fd] !== openMidFrame) return;
    if (violation !== null) {
      this.#outbox.sendClose(fd, violation.code);
      this.#end(fd, 'protocolError');
    } else if (this.#midFrames.settle(fd)) this.#state[fd] = open;
  }

  /** Called by the parser for each short message of the connection at hand. */
  message(opcode: number, bytes: Uint8Array, start: number, end: number): void {
    this.#events.message(this.#current, opcode, bytes, start, end);
  }

  /** Sends a text message of at most 4 000 bytes (ASCII); false when the connection was lost by it. */
  sendText(fd: number, message: string): boolean {
    return this.#endUnless(this.#outbox.sendText(fd, message), fd);
  }

  #endUnless(sent: boolean, fd: number): boolean {
    if (!sent) this.#end(fd, causeOf(errno()));
    return sent;
  }

  /** Makes what is sent on a connection leave at once. */
  sendAtOnce(fd: number): void {
    sendAtOnce(fd);
  }

  /**
   * Says goodbye (1000) on every open connection, as far as it gets until `untilMicros`; they go as the server answers. False
   * when the time was too short for all.
   */
  closeAll(untilMicros: number): boolean {
    for (let fd = 0; fd < this.#state.length; fd += 1) {
      if (this.isOpen(fd)) {
        this.#outbox.sendClose(fd, 1000);
        this.#state[fd] = closingDown;
        this.#closing += 1;
        if (this.#closing % goodbyesAClock === 0 && monotonicMicros() > untilMicros) return false;
      } else if (this.isOpening(fd)) {
        closeByReset(fd);
        this.#state[fd] = free;
        close(fd);
      }
    }
    return true;
  }

  /** How many of the connections that were said goodbye to are still there. */
  get closingCount(): number {
    return this.#closing;
  }

  /** Resets what is left, so that no local port stays in TIME_WAIT. */
  resetAll(): void {
    for (let fd = 0; fd < this.#state.length; fd += 1) {
      if (this.#state[fd] === free) continue;
      closeByReset(fd);
      this.#state[fd] = free;
      close(fd);
    }
  }
}
