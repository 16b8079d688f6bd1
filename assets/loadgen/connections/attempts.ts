import { monotonicMicros } from '../kernel/clock.ts';
import { writable, type Epoll } from '../kernel/epoll.ts';
import { errorNumbers } from '../kernel/error-numbers.ts';
import { close, errno, send } from '../kernel/libc.ts';
import { closeByReset, sendAtOnce, stampArrivals } from '../kernel/tcp.ts';
import { causeOf } from '../measure/failure-causes.ts';
import type { FailureCause } from '../raw.ts';
import type { SecureLayer } from '../tls/secure-layer.ts';
import { bound, connecting, free, securing, upgrading, type ConnectionTable } from './connection-table.ts';
import type { Dialer } from './dialer.ts';
import type { FrameSender } from './sending/frame-sender.ts';
import { noSignal } from './sending/send-queue.ts';
import type { Upgrades } from './upgrades.ts';

/** In place of a descriptor: its attempt is over. */
const gone = -1;
const tooEarlyMost = 16;

/** How attempts fail: before they have a descriptor, or with one, which is then to be closed. */
export interface AttemptFailures {
  refused(connection: number, cause: FailureCause): void;
  failed(fd: number, cause: FailureCause): void;
}

/** What attempts need besides the table of connections. */
export interface AttemptParts {
  readonly epoll: Epoll;
  /** Event bits that sockets are watched for. */
  readonly watched: number;
  readonly dialer: Dialer;
  readonly upgrades: Upgrades;
  readonly sender: FrameSender;
  readonly secure: SecureLayer | null;
}

/** Attempts to connect, from the socket to the request that is sent. */
export class Attempts {
  readonly #table: ConnectionTable;
  readonly #parts: AttemptParts;
  readonly #failures: AttemptFailures;
  // The first so many of the array, which never shrinks: to set its length costs a call into V8's runtime.
  readonly #begun: number[] = [];
  #begunCount = 0;
  // How often in a row nothing could be sent right after connect(): on loopback it always can, on a network never.
  #tooEarly = 0;
  /** Whether the kernel is to note when bytes come on what is begun from now on. */
  stampsArrivals = false;

  constructor(table: ConnectionTable, parts: AttemptParts, failures: AttemptFailures) {
    this.#table = table;
    this.#parts = parts;
    this.#failures = failures;
  }

  /** Whether the request of the last attempt followed its connect() at once: nothing is to be done for an attempt until its answer comes. */
  get sendsAtOnce(): boolean {
    return this.#parts.secure === null && this.#tooEarly === 0;
  }

  /** Takes up one attempt, which {@link connectBegun} carries on. `localPort` 0 leaves the choice to the kernel. */
  begin(connection: number, serverPort: number, source: number, localPort: number, shareLocalPort: boolean): void {
    const fd = this.#parts.dialer.bind(serverPort, source, localPort, shareLocalPort);
    if (fd < 0) {
      this.#failures.refused(connection, causeOf(-fd));
    } else if (fd >= this.#table.size) {
      close(fd);
      this.#failures.refused(connection, 'EMFILE');
    } else {
      this.#table.connection[fd] = connection;
      this.#table.serverPort[fd] = serverPort;
      this.#table.state[fd] = bound;
      this.#parts.upgrades.begin(fd);
      this.#begun[this.#begunCount++] = fd;
    }
  }

  /**
   * Connects what was begun, sends the requests (or begins TLS), and watches for the answers: each step for all before the next, because the
   * kernel does the same thing many times in a row for less than different things in turn. True when one has failed, after
   * which there may be something to do that was not before.
   */
  connectBegun(): boolean {
    if (this.#begunCount === 0) return false;
    const begun = this.#begun;
    let hasFailed = false;
    // An attempt that fails may be begun anew meanwhile, from another address: it joins those of the next round.
    for (let from = 0; from < this.#begunCount;) {
      const to = this.#begunCount;
      for (let n = from; n < to; n += 1) if (!this.#connect(begun[n]!)) begun[n] = gone;
      // Where something can be sent right away (loopback), neither the event for it nor watching for it is needed.
      if (this.#tooEarly < tooEarlyMost) {
        for (let n = from; n < to; n += 1) if (begun[n] !== gone && !this.#sendEarly(begun[n]!)) begun[n] = gone;
      }
      for (let n = from; n < to; n += 1) {
        if (begun[n] === gone || !this.#watch(begun[n]!)) hasFailed = true;
      }
      from = to;
    }
    this.#begunCount = 0;
    return hasFailed;
  }

  /** False when the attempt has failed. */
  #connect(fd: number): boolean {
    this.#table.beganMicros[fd] = monotonicMicros();
    this.#table.state[fd] = connecting;
    // The request follows the handshake's last bytes, which nothing may answer: it must not wait until they are acknowledged.
    if (this.#parts.secure !== null) sendAtOnce(fd);
    if (this.stampsArrivals) stampArrivals(fd);
    const error = this.#parts.dialer.connect(fd, this.#table.serverPort[fd]!);
    if (error < 0) this.#failures.failed(fd, causeOf(-error));
    return error === 0;
  }

  /** Sends what can be sent right after connect(); false when the attempt has failed. */
  #sendEarly(fd: number): boolean {
    if (!this.carryOn(fd)) return false;
    if (this.#table.state[fd] === connecting) this.#tooEarly += 1;
    else this.#tooEarly = 0;
    return true;
  }

  /** False when the attempt has failed. */
  #watch(fd: number): boolean {
    const { epoll, watched } = this.#parts;
    if (epoll.add(fd, this.#table.state[fd] === connecting ? watched | writable : watched)) return true;
    this.#failures.failed(fd, causeOf(errno()));
    return false;
  }

  /** Carries on an attempt as far as it gets: TLS, where there is any, and the upgrade request. False when it has failed. */
  carryOn(fd: number): boolean {
    const { secure } = this.#parts;
    if (secure === null) return this.#sendRequest(fd);
    const isConnecting = this.#table.state[fd] === connecting;
    const handshake = secure.advance(fd);
    if (handshake === 'done') return this.#sendRequest(fd) && this.#takeRest(fd, secure);
    if (handshake === 'failed') {
      closeByReset(fd);
      this.#failures.failed(fd, secure.failure);
      return false;
    }
    if (handshake === 'reading') this.#table.state[fd] = securing;
    else if (!isConnecting) this.#parts.epoll.modify(fd, this.#parts.watched | writable);
    return true;
  }

  /** Takes what came with the end of the handshake; false when the attempt has failed. */
  #takeRest(fd: number, secure: SecureLayer): boolean {
    const cause = secure.takeRest(fd);
    if (cause !== null && this.#table.state[fd] !== free) this.#failures.failed(fd, cause);
    return this.#table.state[fd] !== free;
  }

  #sendRequest(fd: number): boolean {
    const { upgrades, sender, secure } = this.#parts;
    const request = upgrades.request(fd, this.#table.serverPort[fd]!, this.#table.connection[fd]!);
    const { length } = upgrades;
    if (secure !== null && !sender.write(fd, request, length)) {
      this.#failures.failed(fd, sender.failure);
      return false;
    }
    const sent = secure === null ? send(fd, request.address, length, noSignal) : length;
    if (sent === length) {
      this.#table.state[fd] = upgrading;
      return true;
    }
    const error = sent < 0 ? errno() : 0;
    if (error === errorNumbers.EAGAIN) return true;
    // A new socket's buffer takes a few hundred bytes whole or not at all.
    this.#failures.failed(fd, error === 0 ? 'other' : causeOf(error));
    return false;
  }
}
