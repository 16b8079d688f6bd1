import type { FailureCause } from '../raw.ts';
import { monotonicMicros } from '../kernel/clock.ts';
import { Epoll, edgeTriggered, failed, hungUp, peerClosed, readable, writable } from '../kernel/epoll.ts';
import { errorNumbers } from '../kernel/error-numbers.ts';
import { allocate, bind, close, connect, errno, receive, send, type Memory } from '../kernel/libc.ts';
import { batchSize, ReceiveBatch, slotBytes } from '../kernel/receive-batch.ts';
import {
  choosePortLate,
  closeByReset,
  sendAtOnce,
  setPort,
  shareLocalAddress,
  socketAddress,
  socketAddressBytes,
  tcpSocket,
} from '../kernel/tcp.ts';
import { causeOf } from '../measure/failure-causes.ts';
import { encodeInPlace, headerBytes } from '../websocket/frame-encoder.ts';
import { FrameParser, takeWholeMessages, type FrameSink } from '../websocket/frame-parser.ts';
import { ResponseChecker, upgradeRequest } from '../websocket/handshake.ts';
import type { Key } from '../websocket/keys.ts';
import { closing, pong, text } from '../websocket/opcodes.ts';

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
const readOnBytes = 65536;
const sendBytes = 4096;
const readsWorthAClock = 4;
const longestKeptMessage = 256;
const noSignal = 0x4000;
const { EAGAIN, EINPROGRESS, EINTR } = errorNumbers;

/** Where connections go: one server, several ports. */
export interface Target {
  readonly address: string;
  readonly ports: readonly number[];
  readonly path: string;
  /** For the Host header; the address when not given. */
  readonly hostName?: string;
}

/** What connections need to be told once. */
export interface ConnectionsOptions {
  /** How many there are to be at most. */
  readonly capacity: number;
  readonly target: Target;
  readonly sources: readonly string[];
  readonly keys: readonly Key[];
}

/** What happens to connections, called from within {@link Connections.turn} and {@link Connections.begin}. */
export interface ConnectionEvents {
  /** The handshake has been checked. */
  opened(fd: number, connection: number): void;
  /** An attempt failed; the descriptor is closed. */
  connectFailed(connection: number, cause: FailureCause): void;
  /** An open connection is gone; the descriptor is still valid as an index, and closed after the call. */
  lost(fd: number, cause: FailureCause): void;
  /** A whole message that is short enough to be one of ours. */
  message(fd: number, opcode: number, bytes: Uint8Array, start: number, end: number): void;
  /** A message of more than 256 bytes went by; it is not kept. */
  longMessage(fd: number): void;
}

/** What is kept of a connection in the middle of a frame or message. */
interface MidFrame {
  readonly parser: FrameParser;
  opcode: number;
  length: number;
  bytes: Buffer;
}

/**
 * WebSocket client connections by the ten thousand: state lies in arrays indexed by descriptor, about 20 bytes a
 * connection; only one in the middle of a frame, or with unsent bytes, has an object.
 */
export class Connections implements FrameSink {
  readonly #epoll = new Epoll(eventsAtOnce);
  readonly #batch = new ReceiveBatch();
  readonly #events: ConnectionEvents;
  readonly #state: Uint8Array;
  readonly #key: Uint8Array;
  readonly #connection: Int32Array;
  readonly #serverPort: Uint16Array;
  readonly #beganMicros: Float64Array;
  readonly #midFrame = new Map<number, MidFrame>();
  readonly #partialResponse = new Map<number, Buffer>();
  readonly #unsent = new Map<number, Buffer>();
  readonly #keys: readonly Buffer[];
  readonly #accepts: readonly Buffer[];
  readonly #checker = new ResponseChecker();
  readonly #servers: readonly Memory[];
  readonly #requests: readonly Memory[];
  readonly #keyOffsets: readonly number[];
  readonly #sources: readonly Memory[];
  readonly #readOn = allocate(readOnBytes);
  readonly #out = allocate(sendBytes);
  readonly #ready = new Int32Array(batchSize);
  readonly #readyHung = new Uint8Array(batchSize);
  readonly #watchers = new Map<number, () => void>();
  #nextKey = 0;
  #closing = 0;
  #current = 0;
  // How often in a row a request could not be sent right after connect(): on loopback it always can, on a network never.
  #tooEarly = 0;
  /** When the bytes at hand were read: microseconds of the monotonic clock. */
  now = monotonicMicros();
  /** When the last wait ended. */
  wokeMicros = this.now;

  constructor({ capacity, target, sources, keys }: ConnectionsOptions, events: ConnectionEvents) {
    // Descriptors are handed out from the lowest on: room for what the process has open besides.
    const size = capacity + 128;
    this.#state = new Uint8Array(size);
    this.#key = new Uint8Array(size);
    this.#connection = new Int32Array(size);
    this.#serverPort = new Uint16Array(size);
    this.#beganMicros = new Float64Array(size);
    this.#events = events;
    this.#keys = keys.map(({ key }) => Buffer.from(key));
    this.#accepts = keys.map(({ accept }) => Buffer.from(accept));
    this.#servers = target.ports.map((port) => socketAddress(target.address, port));
    const requests = target.ports.map((port) =>
      upgradeRequest(`${target.hostName ?? target.address}:${port}`, target.path),
    );
    this.#requests = requests.map((request) => {
      const memory = allocate(request.text.length);
      memory.bytes.write(request.text, 'latin1');
      return memory;
    });
    this.#keyOffsets = requests.map((request) => request.keyOffset);
    this.#sources = sources.map((source) => socketAddress(source, 0));
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
    const fd = tcpSocket();
    if (fd < 0) return this.#refused(connection, causeOf(errno()));
    if (fd >= this.#state.length) {
      close(fd);
      return this.#refused(connection, 'EMFILE');
    }
    const from = this.#sources[source]!;
    setPort(from, localPort);
    if (shareLocalPort) shareLocalAddress(fd);
    if (localPort === 0) choosePortLate(fd);
    if (bind(fd, from.address, socketAddressBytes) !== 0) return this.#refused(connection, this.#closeFailed(fd));
    if (connect(fd, this.#servers[serverPort]!.address, socketAddressBytes) !== 0) {
      const error = errno();
      if (error !== EINPROGRESS) {
        close(fd);
        return this.#refused(connection, causeOf(error));
      }
    }
    this.#connection[fd] = connection;
    this.#serverPort[fd] = serverPort;
    this.#key[fd] = this.#nextKey;
    this.#nextKey = (this.#nextKey + 1) % this.#keys.length;
    this.#beganMicros[fd] = monotonicMicros();
    this.#state[fd] = connecting;
    // Where the request can be sent right away (loopback), neither the event for it nor watching for it is needed.
    if (this.#tooEarly < 16 && !this.#sendRequest(fd)) return -1;
    const events = this.#state[fd] === upgrading ? watched : watched | writable;
    if (this.#epoll.add(fd, events)) return fd;
    this.#state[fd] = free;
    return this.#refused(connection, this.#closeFailed(fd));
  }

  #closeFailed(fd: number): FailureCause {
    const cause = causeOf(errno());
    close(fd);
    return cause;
  }

  #refused(connection: number, cause: FailureCause): -1 {
    this.#events.connectFailed(connection, cause);
    return -1;
  }

  /** Sends the upgrade request; false when the attempt has failed. */
  #sendRequest(fd: number): boolean {
    const port = this.#serverPort[fd]!;
    const request = this.#requests[port]!;
    const key = this.#keys[this.#key[fd]!]!;
    const offset = this.#keyOffsets[port]!;
    // A loop over 24 bytes is cheaper than a call of set().
    for (let n = 0; n < key.length; n += 1) request.bytes[offset + n] = key[n]!;
    const length = request.bytes.length;
    const sent = send(fd, request.address, length, noSignal);
    if (sent === length) {
      this.#tooEarly = 0;
      this.#state[fd] = upgrading;
      return true;
    }
    const error = sent < 0 ? errno() : 0;
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
    this.#midFrame.delete(fd);
    this.#partialResponse.delete(fd);
    this.#unsent.delete(fd);
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
    this.now = monotonicMicros();
    this.wokeMicros = this.now;
    if (count === 0) return false;
    let ready = 0;
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
        } else if (this.#unsent.size > 0) this.#sendRest(fd);
      }
      if ((events & (readable | peerClosed | failed | hungUp)) === 0) continue;
      this.#ready[ready] = fd;
      this.#readyHung[ready] = (events & (peerClosed | failed | hungUp)) === 0 ? 0 : 1;
      ready += 1;
      if (ready === batchSize) {
        this.#readAll(ready);
        ready = 0;
      }
    }
    if (ready > 0) this.#readAll(ready);
    return true;
  }

  #readAll(count: number): void {
    const batch = this.#batch;
    batch.read(this.#ready, count);
    // A few reads take less time than the clock's own value.
    if (count >= readsWorthAClock) this.now = monotonicMicros();
    for (let n = 0; n < count; n += 1) {
      const fd = this.#ready[n]!;
      const got = batch.results[n]!;
      // A pipe's callback may have ended it since the event was collected.
      if (this.#state[fd] === free) continue;
      this.#received(fd, batch.bytes, n * slotBytes, got);
      // Edge-triggered: a full read may have left bytes behind, a peer that closed has an end to be read.
      if ((got === slotBytes || this.#readyHung[n] === 1) && this.#state[fd] !== free) this.#readRest(fd);
    }
  }

  #readRest(fd: number): void {
    for (;;) {
      const got = receive(fd, this.#readOn.address, readOnBytes, 0);
      if (got < 0) {
        const error = errno();
        if (error !== EAGAIN) this.#received(fd, this.#readOn.bytes, 0, -error);
        return;
      }
      this.#received(fd, this.#readOn.bytes, 0, got);
      if (this.#state[fd] === free) return;
    }
  }

  #received(fd: number, bytes: Buffer, start: number, got: number): void {
    if (got > 0) {
      const state = this.#state[fd]!;
      if (state === open) this.#frames(fd, bytes, start, start + got);
      else if (state === openMidFrame) this.#framesMid(fd, bytes, start, start + got);
      else if (state === upgrading) this.#response(fd, bytes, start, start + got);
      // What comes after our close frame is of no interest; before the request it is no HTTP.
      else if (state === connecting) this.#end(fd, 'badHandshake');
      return;
    }
    if (got === -EAGAIN || got === -EINTR) return;
    if (got < 0) this.#end(fd, causeOf(-got));
    else this.#end(fd, 'closedByServer');
  }

  #response(fd: number, bytes: Buffer, start: number, end: number): void {
    let [from, first, last] = [bytes, start, end];
    const earlier = this.#partialResponse.get(fd);
    if (earlier !== undefined) {
      from = Buffer.concat([earlier, bytes.subarray(start, end)]);
      [first, last] = [0, from.length];
    }
    const check = this.#checker.check(from, first, last, this.#accepts[this.#key[fd]!]!);
    if (check === 'partial') {
      this.#partialResponse.set(fd, Buffer.from(from.subarray(first, last)));
      return;
    }
    if (earlier !== undefined) this.#partialResponse.delete(fd);
    if (typeof check !== 'number') {
      // A reset keeps the local port free for the next attempt.
      closeByReset(fd);
      this.#end(fd, 'badHandshake');
      return;
    }
    this.#state[fd] = open;
    this.#events.opened(fd, this.#connection[fd]!);
    if (check < last) this.#frames(fd, from, check, last);
  }

  #frames(fd: number, bytes: Buffer, start: number, end: number): void {
    this.#current = fd;
    const rest = takeWholeMessages(bytes, start, end, this);
    if (rest === end || this.#state[fd] !== open) return;
    this.#state[fd] = openMidFrame;
    this.#midFrame.set(fd, { parser: new FrameParser(), opcode: 0, length: 0, bytes: Buffer.alloc(0) });
    this.#framesMid(fd, bytes, rest, end);
  }

  #framesMid(fd: number, bytes: Buffer, start: number, end: number): void {
    this.#current = fd;
    const { parser } = this.#midFrame.get(fd)!;
    const violation = parser.push(bytes, start, end, this);
    if (this.#state[fd] !== openMidFrame) return;
    if (violation !== null) {
      this.#sendClose(fd, violation.code);
      this.#end(fd, 'protocolError');
    } else if (parser.idle) {
      this.#midFrame.delete(fd);
      this.#state[fd] = open;
    }
  }

  message(opcode: number, bytes: Uint8Array, start: number, end: number): void {
    this.#events.message(this.#current, opcode, bytes, start, end);
  }

  messageStart(opcode: number): void {
    const midFrame = this.#midFrame.get(this.#current)!;
    midFrame.opcode = opcode;
    midFrame.length = 0;
  }

  messageData(bytes: Uint8Array, start: number, end: number): void {
    const midFrame = this.#midFrame.get(this.#current)!;
    if (midFrame.length + end - start <= longestKeptMessage) {
      if (midFrame.bytes.length === 0) midFrame.bytes = Buffer.alloc(longestKeptMessage);
      midFrame.bytes.set(bytes.subarray(start, end), midFrame.length);
    }
    midFrame.length += end - start;
  }

  messageEnd(): void {
    const { opcode, length, bytes } = this.#midFrame.get(this.#current)!;
    if (length > longestKeptMessage) this.#events.longMessage(this.#current);
    else this.#events.message(this.#current, opcode, bytes, 0, length);
  }

  ping(bytes: Uint8Array, start: number, end: number): void {
    this.#out.bytes.set(bytes.subarray(start, end), headerBytes(end - start));
    this.#sendOrEnd(this.#current, pong, end - start);
  }

  pong(): void {
    // Nobody asked: an unsolicited pong needs no answer (RFC 6455, section 5.5.3).
  }

  close(code: number): void {
    const fd = this.#current;
    this.#sendClose(fd, code === 1005 ? 1000 : code);
    this.#end(fd, 'closeFrame');
  }

  /** Sends a text message of at most 4 000 bytes (ASCII); false when the connection was lost by it. */
  sendText(fd: number, message: string): boolean {
    this.#out.bytes.write(message, headerBytes(message.length), 'latin1');
    return this.#sendOrEnd(fd, text, message.length);
  }

  /** Makes what is sent on a connection leave at once. */
  sendAtOnce(fd: number): void {
    sendAtOnce(fd);
  }

  #sendClose(fd: number, code: number): void {
    this.#out.bytes.writeUInt16BE(code, headerBytes(2));
    this.#sendFrame(fd, closing, 2);
  }

  #sendOrEnd(fd: number, opcode: number, payloadBytes: number): boolean {
    if (this.#sendFrame(fd, opcode, payloadBytes)) return true;
    this.#end(fd, causeOf(errno()));
    return false;
  }

  /** Sends a frame whose payload lies in the send buffer already; false when the kernel refuses (errno says why). */
  #sendFrame(fd: number, opcode: number, payloadBytes: number): boolean {
    const length = encodeInPlace(this.#out.bytes, 0, opcode, payloadBytes);
    const waiting = this.#unsent.get(fd);
    if (waiting !== undefined) {
      this.#unsent.set(fd, Buffer.concat([waiting, this.#out.bytes.subarray(0, length)]));
      return true;
    }
    const sent = send(fd, this.#out.address, length, noSignal);
    if (sent === length) return true;
    if (sent < 0 && errno() !== EAGAIN) return false;
    this.#unsent.set(fd, Buffer.from(this.#out.bytes.subarray(Math.max(sent, 0), length)));
    this.#epoll.modify(fd, watched | writable);
    return true;
  }

  #sendRest(fd: number): void {
    const waiting = this.#unsent.get(fd);
    if (waiting === undefined) return;
    const piece = waiting.subarray(0, sendBytes);
    this.#out.bytes.set(piece, 0);
    const sent = send(fd, this.#out.address, piece.length, noSignal);
    if (sent < 0) {
      if (errno() !== EAGAIN) this.#end(fd, causeOf(errno()));
      return;
    }
    if (sent < waiting.length) {
      this.#unsent.set(fd, waiting.subarray(sent));
      if (sent === piece.length) this.#sendRest(fd);
      return;
    }
    this.#unsent.delete(fd);
    this.#epoll.modify(fd, watched);
  }

  /** Says goodbye (1000) on every open connection; they go as the server answers. */
  closeAll(): void {
    for (let fd = 0; fd < this.#state.length; fd += 1) {
      if (this.isOpening(fd)) {
        closeByReset(fd);
        this.#state[fd] = free;
        close(fd);
      } else if (this.isOpen(fd)) {
        this.#sendClose(fd, 1000);
        this.#state[fd] = closingDown;
        this.#closing += 1;
      }
    }
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
