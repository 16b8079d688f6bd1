import { monotonicMicros } from '../kernel/clock.ts';
import { writable, type Epoll } from '../kernel/epoll.ts';
import { errorNumbers } from '../kernel/error-numbers.ts';
import { close, errno } from '../kernel/libc.ts';
import { causeOf } from '../measure/failure-causes.ts';
import type { FailureCause } from '../raw.ts';
import { bound, connecting, upgrading, type ConnectionTable } from './connection-table.ts';
import type { Dialer } from './dialer.ts';
import type { Upgrades } from './upgrades.ts';

/** In place of a descriptor: its attempt is over. */
const gone = -1;
const tooEarlyMost = 16;

/** How attempts fail: before they have a descriptor, or with one, which is then to be closed. */
export interface AttemptFailures {
  refused(connection: number, cause: FailureCause): void;
  failed(fd: number, cause: FailureCause): void;
}

/** Attempts to connect, from the socket to the request that is sent. */
export class Attempts {
  readonly #table: ConnectionTable;
  readonly #epoll: Epoll;
  readonly #watched: number;
  readonly #dialer: Dialer;
  readonly #upgrades: Upgrades;
  readonly #failures: AttemptFailures;
  readonly #begun: number[] = [];
  // How often in a row a request could not be sent right after connect(): on loopback it always can, on a network never.
  #tooEarly = 0;

  /** Sockets are watched for `watched`. */
  constructor(
    table: ConnectionTable,
    epoll: Epoll,
    watched: number,
    dialer: Dialer,
    upgrades: Upgrades,
    failures: AttemptFailures,
  ) {
    this.#table = table;
    this.#epoll = epoll;
    this.#watched = watched;
    this.#dialer = dialer;
    this.#upgrades = upgrades;
    this.#failures = failures;
  }

  /** Takes up one attempt, which {@link connectBegun} carries on. `localPort` 0 leaves the choice to the kernel. */
  begin(connection: number, serverPort: number, source: number, localPort: number, shareLocalPort: boolean): void {
    const fd = this.#dialer.bind(source, localPort, shareLocalPort);
    if (fd < 0) {
      this.#failures.refused(connection, causeOf(-fd));
    } else if (fd >= this.#table.size) {
      close(fd);
      this.#failures.refused(connection, 'EMFILE');
    } else {
      this.#table.connection[fd] = connection;
      this.#table.serverPort[fd] = serverPort;
      this.#table.state[fd] = bound;
      this.#upgrades.begin(fd);
      this.#begun.push(fd);
    }
  }

  /**
   * Connects what was begun, sends the requests, and watches for the answers: each step for all before the next, because the
   * kernel does the same thing many times in a row for less than different things in turn. True when one has failed, after
   * which there may be something to do that was not before.
   */
  connectBegun(): boolean {
    const begun = this.#begun;
    // An attempt that fails may be begun anew meanwhile, from another address: it joins those of the next round.
    for (let from = 0; from < begun.length;) {
      const to = begun.length;
      for (let n = from; n < to; n += 1) if (!this.#connect(begun[n]!)) begun[n] = gone;
      // Where the request can be sent right away (loopback), neither the event for it nor watching for it is needed.
      if (this.#tooEarly < tooEarlyMost) {
        for (let n = from; n < to; n += 1) if (begun[n] !== gone && !this.sendRequest(begun[n]!)) begun[n] = gone;
      }
      for (let n = from; n < to; n += 1) if (begun[n] !== gone && !this.#watch(begun[n]!)) begun[n] = gone;
      from = to;
    }
    const hasFailed = begun.includes(gone);
    begun.length = 0;
    return hasFailed;
  }

  /** False when the attempt has failed. */
  #connect(fd: number): boolean {
    this.#table.beganMicros[fd] = monotonicMicros();
    this.#table.state[fd] = connecting;
    const error = this.#dialer.connect(fd, this.#table.serverPort[fd]!);
    if (error < 0) this.#failures.failed(fd, causeOf(-error));
    return error === 0;
  }

  /** False when the attempt has failed. */
  #watch(fd: number): boolean {
    const events = this.#table.state[fd] === upgrading ? this.#watched : this.#watched | writable;
    if (this.#epoll.add(fd, events)) return true;
    this.#failures.failed(fd, causeOf(errno()));
    return false;
  }

  /** Sends the upgrade request; false when the attempt has failed. */
  sendRequest(fd: number): boolean {
    const outcome = this.#upgrades.send(fd, this.#table.serverPort[fd]!);
    if (outcome === 'sent') {
      this.#tooEarly = 0;
      this.#table.state[fd] = upgrading;
      return true;
    }
    const error = outcome === 'refused' ? errno() : 0;
    if (error === errorNumbers.EAGAIN) {
      this.#tooEarly += 1;
      return true;
    }
    // A new socket's buffer takes a few hundred bytes whole or not at all.
    this.#failures.failed(fd, error === 0 ? 'other' : causeOf(error));
    return false;
  }
}
