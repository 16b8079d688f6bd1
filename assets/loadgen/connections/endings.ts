import { monotonicMicros } from '../kernel/clock.ts';
import { close } from '../kernel/libc.ts';
import { closeByReset, closeSilently } from '../kernel/tcp.ts';
import type { FailureCause } from '../raw.ts';
import type { ConnectionEvents } from './connection-events.ts';
import { closingDown, free, securing, upgrading, type ConnectionTable } from './connection-table.ts';
import type { FrameSender } from './sending/frame-sender.ts';

const goodbyesAClock = 64;
const timeouts = new Map<number, FailureCause>([
  [securing, 'tlsTimeout'],
  [upgrading, 'handshakeTimeout'],
]);

/** Ends connections: with a goodbye, by a reset, silently, or because they have failed. */
export class Endings {
  readonly #table: ConnectionTable;
  readonly #state: Uint8Array;
  readonly #events: ConnectionEvents;
  readonly #sender: FrameSender;
  readonly #forget: (fd: number) => void;
  #closing = 0;

  /** `forget` drops all that is kept of a descriptor besides its place in the table. */
  constructor(table: ConnectionTable, events: ConnectionEvents, sender: FrameSender, forget: (fd: number) => void) {
    this.#table = table;
    this.#state = table.state;
    this.#events = events;
    this.#sender = sender;
    this.#forget = forget;
  }

  /** Gives up on a descriptor, whatever its state, and reports why. */
  end(fd: number, cause: FailureCause, retryAfterSeconds = 0): void {
    const wasClosing = this.#state[fd] === closingDown;
    if (this.#table.isOpen(fd)) this.#events.lost(fd, cause);
    if (wasClosing) {
      this.#closing -= 1;
      this.#events.left?.(fd);
    }
    const wasOpening = this.#table.isOpening(fd);
    this.#release(fd);
    if (wasOpening) this.#events.connectFailed(this.#table.connection[fd]!, cause, retryAfterSeconds);
  }

  #release(fd: number): void {
    this.#state[fd] = free;
    this.#forget(fd);
    close(fd);
  }

  /** Says goodbye (1000) on an open connection, which goes as the server answers. */
  leave(fd: number): void {
    this.#sender.sendClose(fd, 1000);
    this.#sender.sendEnd(fd);
    this.#state[fd] = closingDown;
    this.#closing += 1;
  }

  /** Resets a connection; no event reports it. */
  reset(fd: number): void {
    if (this.#state[fd] === closingDown) this.#closing -= 1;
    closeByReset(fd);
    this.#release(fd);
  }

  /** Makes an open connection vanish without a word to the server; false where the kernel does not allow it, and it was reset. */
  vanish(fd: number): boolean {
    const isSilent = closeSilently(fd);
    if (isSilent) this.#release(fd);
    else this.reset(fd);
    return isSilent;
  }

  /** Ends an attempt that took too long. */
  expire(fd: number): void {
    closeByReset(fd);
    this.end(fd, timeouts.get(this.#state[fd]!) ?? 'ETIMEDOUT');
  }

  /**
   * Says goodbye (1000) on every open connection, as far as it gets until `untilMicros`; they go as the server answers. False
   * when the time was too short for all.
   */
  closeAll(untilMicros: number): boolean {
    for (let fd = 0; fd < this.#table.size; fd += 1) {
      if (this.#table.isOpen(fd)) {
        this.leave(fd);
        if (this.#closing % goodbyesAClock === 0 && monotonicMicros() > untilMicros) return false;
      } else if (this.#table.isOpening(fd)) this.#abandon(fd);
    }
    return true;
  }

  /** How many of the connections that were said goodbye to are still there. */
  get closingCount(): number {
    return this.#closing;
  }

  /** Resets what is left, so that no local port stays in TIME_WAIT. */
  resetAll(): void {
    for (let fd = 0; fd < this.#table.size; fd += 1) {
      if (this.#state[fd] !== free) this.#abandon(fd);
    }
  }

  #abandon(fd: number): void {
    closeByReset(fd);
    this.#state[fd] = free;
    close(fd);
  }
}
