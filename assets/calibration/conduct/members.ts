import type { Socket } from 'node:net';
import type { Behaviour } from '../behaviour.ts';
import type { Ledger } from '../ground-truth/ledger.ts';
import { monotonicMicros } from '../time/clock.ts';
import type { Timetable } from '../time/timetable.ts';
import { frameOf, opcodes } from '../web-socket.ts';
import type { Memory } from './memory.ts';

/** Members from this one on may be lost again. */
const firstLost = 20;
/** How long one that is to be lost stays: long enough to count as open at the other end. */
const stayMicros = 200_000;

/** Someone who gets broadcasts. */
export interface Member {
  readonly send: (frame: Buffer) => void;
}

/** How one that was a member before has left: it said goodbye, or it was cut off. */
export type Departure = 'goodbye' | 'cut';

/** A member's goodbye. */
interface Goodbye {
  /** How long it took to answer it; null while it has not been. */
  answeredMicros: number | null;
  isCounted: boolean;
}

/** Who is a member now, and who was. */
export class Members {
  readonly #behaviour: Behaviour;
  readonly #ledger: Ledger;
  readonly #timetable: Timetable;
  readonly #memory: Memory;
  readonly #onCut: (address: string) => void;
  readonly #members = new Set<Member>();
  // By where each that ever was a member is at the other end: what is known of its leaving; null for one that has said nothing.
  readonly #goodbyes = new Map<string, Goodbye | null>();

  /** `onCut` hears the address of one whose connection its client reset. */
  constructor(
    behaviour: Behaviour,
    ledger: Ledger,
    timetable: Timetable,
    memory: Memory,
    onCut: (address: string) => void,
  ) {
    this.#behaviour = behaviour;
    this.#ledger = ledger;
    this.#timetable = timetable;
    this.#memory = memory;
    this.#onCut = onCut;
  }

  /** The members now, in the order in which they came. */
  list(): readonly Member[] {
    return [...this.#members];
  }

  /**
   * How one that asks from where a member was before has left; null for a new one. Its reset may not have been read yet. A goodbye counts
   * only now: what clients say when a measurement is over belongs to none of its phases.
   */
  departureOf(socket: Socket): Departure | null {
    const goodbye = this.#goodbyes.get(endpointOf(socket));
    if (goodbye === undefined) return null;
    if (goodbye === null) return 'cut';
    if (!goodbye.isCounted) {
      goodbye.isCounted = true;
      this.#ledger.totals.goodbyes += 1;
      if (goodbye.answeredMicros !== null) this.#ledger.took('closeDelaysMicros', goodbye.answeredMicros);
    }
    return 'goodbye';
  }

  /** Takes in a member until its socket closes, for the first time or as one that comes back. */
  came(member: Member, socket: Socket, departure: Departure | null): void {
    const { totals } = this.#ledger;
    this.#members.add(member);
    this.#goodbyes.set(endpointOf(socket), null);
    // An address is known as long as the socket is open.
    const address = socket.remoteAddress ?? '';
    // Node closes what it has read a reset of only after everything else that came with it: with thousands, tens of milliseconds late.
    socket.once('error', () => {
      if (this.#members.has(member)) this.#onCut(address);
    });
    socket.on('close', (hadError) => {
      if (!this.#members.delete(member)) return;
      if (hadError) totals.cut += 1;
      this.#changed();
    });
    if (departure === null) this.#cameFirst(member, socket);
    this.#changed();
  }

  #cameFirst(member: Member, socket: Socket): void {
    const { bytesPerMember, loseMembers } = this.#behaviour;
    const { totals } = this.#ledger;
    const number = totals.members - firstLost;
    totals.members += 1;
    this.#memory.touch(bytesPerMember);
    totals.touchedBytes += bytesPerMember;
    if (number >= 0 && number < loseMembers) {
      this.#timetable.at(monotonicMicros() + stayMicros, () => this.#lose(member, socket, number));
    }
  }

  /** A member says goodbye; `answer` says it as well. */
  saidGoodbye(member: Member, socket: Socket, answer: () => void): void {
    const began = monotonicMicros();
    const goodbye: Goodbye = { answeredMicros: null, isCounted: false };
    if (this.#members.delete(member)) this.#goodbyes.set(endpointOf(socket), goodbye);
    this.#changed();
    const say = (): void => {
      answer();
      goodbye.answeredMicros = monotonicMicros() - began;
    };
    const { closeDelayMicros } = this.#behaviour;
    if (closeDelayMicros === 0) say();
    else this.#timetable.at(began + closeDelayMicros, say);
  }

  #lose(member: Member, socket: Socket, number: number): void {
    const { totals } = this.#ledger;
    this.#members.delete(member);
    if (number % 3 === 0) {
      totals.membersReset += 1;
      socket.resetAndDestroy();
    } else if (number % 3 === 1) {
      totals.membersClosed += 1;
      socket.end(frameOf(opcodes.close, Uint8Array.of(1001 >> 8, 1001 & 0xff)));
    } else {
      totals.membersEnded += 1;
      socket.end();
    }
    this.#changed();
  }

  #changed(): void {
    this.#ledger.totals.open = this.#members.size;
    this.#ledger.changed();
  }
}

function endpointOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
