import type { Socket } from 'node:net';
import type { Behaviour } from '../behaviour.ts';
import type { Ledger } from '../ground-truth/ledger.ts';
import { monotonicMicros } from '../time/clock.ts';
import { queuedOn } from '../ground-truth/kernel-counts.ts';
import { standStill } from '../time/stand-still.ts';
import type { Timetable } from '../time/timetable.ts';
import type { Departure } from './members.ts';
import type { Memory } from './memory.ts';

const growMillis = 20;

/** Lets in those who were members before, when and where it was told to. */
export class Returns {
  readonly #behaviour: Behaviour;
  readonly #ledger: Ledger;
  readonly #timetable: Timetable;
  readonly #memory: Memory;
  readonly #port: number;
  #requests = 0;
  // The first cut of all, and of each address: a client host cuts all that it cuts at one moment.
  #cutMicros: number | null = null;
  readonly #cutOf = new Map<string, number>();
  #openAtCut = 0;
  #asked = 0;
  #growing: NodeJS.Timeout | null = null;

  constructor(behaviour: Behaviour, ledger: Ledger, timetable: Timetable, memory: Memory, port: number) {
    this.#behaviour = behaviour;
    this.#ledger = ledger;
    this.#timetable = timetable;
    this.#memory = memory;
    this.#port = port;
  }

  /** A client has reset the connection of a member, the first or another. */
  cut(address: string): void {
    const now = monotonicMicros();
    if (!this.#cutOf.has(address)) this.#cutOf.set(address, now);
    if (this.#cutMicros !== null) return;
    const { stallAtCutMicros } = this.#behaviour;
    this.#cutMicros = now;
    this.#openAtCut = this.#ledger.totals.open;
    if (stallAtCutMicros === 0) return;
    standStill(stallAtCutMicros, this.#ledger);
    this.#ledger.totals.queuedWhileStill = queuedOn(this.#port);
  }

  /**
   * Answers the request of one that was a member and has been connected since `connectedMicros`; `accept` takes it in. How long it took
   * counts from there: clients count from connect(), and not from their request.
   */
  ask(socket: Socket, departure: Departure, connectedMicros: number, accept: () => void): void {
    const { rejectReturnOneIn, resetReturnOneIn, returnDelayMicros, leakBytesPerReturn } = this.#behaviour;
    const { totals } = this.#ledger;
    const counts = departure === 'cut' ? totals.afterCut : totals.afterGoodbye;
    const asked = monotonicMicros();
    this.#requests += 1;
    this.#ledger.changed();
    if (rejectReturnOneIn > 0 && this.#requests % rejectReturnOneIn === 0) {
      counts.rejected += 1;
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    // An odd distance from the rejected ones, so that both happen.
    if (resetReturnOneIn > 0 && (this.#requests + 3) % resetReturnOneIn === 0) {
      counts.reset += 1;
      socket.resetAndDestroy();
      return;
    }
    const letIn = (): void => {
      // One that gave up meanwhile has not returned.
      if (!socket.writable) return;
      accept();
      counts.returned += 1;
      const now = monotonicMicros();
      if (departure === 'cut') {
        this.#ledger.took('awayMicros', now - (this.#cutOf.get(address) ?? asked));
        this.#grow();
      } else {
        this.#ledger.took('returnDelaysMicros', now - connectedMicros);
        this.#memory.touch(leakBytesPerReturn);
        totals.leakedBytes += leakBytesPerReturn;
      }
    };
    const address = socket.remoteAddress ?? '';
    const due = departure === 'cut' ? this.#dueAfterCut(asked) : asked + returnDelayMicros;
    if (due <= asked) letIn();
    else this.#timetable.at(due, letIn);
  }

  #dueAfterCut(asked: number): number {
    const { stormDelayMicros, stormSpreadMicros } = this.#behaviour;
    if (stormDelayMicros === 0) return asked;
    const step = stormSpreadMicros / Math.max(1, this.#openAtCut);
    this.#asked += 1;
    return (this.#cutMicros ?? asked) + stormDelayMicros + (this.#asked - 1) * step;
  }

  /** Begins to write to memory when all that were cut are back, and goes on until somebody says goodbye. */
  #grow(): void {
    const { idleBytesPerSecond } = this.#behaviour;
    const { totals } = this.#ledger;
    if (idleBytesPerSecond === 0 || this.#growing !== null || totals.afterCut.returned < totals.cut) return;
    const began = monotonicMicros();
    this.#growing = setInterval(() => {
      totals.idleMicros = Math.round(monotonicMicros() - began);
      const bytes = Math.round((idleBytesPerSecond * totals.idleMicros) / 1e6) - totals.idleBytes;
      this.#memory.touch(bytes);
      totals.idleBytes += bytes;
      this.#ledger.changed();
    }, growMillis);
  }

  /** Somebody has said goodbye. */
  goodbye(): void {
    if (this.#growing !== null) clearInterval(this.#growing);
  }
}
