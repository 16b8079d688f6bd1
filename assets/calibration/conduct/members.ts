import type { Socket } from 'node:net';
import type { Behaviour } from '../behaviour.ts';
import { monotonicMicros } from '../time/clock.ts';
import type { Ledger } from '../ground-truth/ledger.ts';
import type { Timetable } from '../time/timetable.ts';
import { frameOf, opcodes } from '../web-socket.ts';

/** Members from this one on may be lost again. */
const firstLost = 20;
/** How long one that is to be lost stays: long enough to count as open at the other end. */
const stayMicros = 200_000;
const chunkBytes = 64 * 1024 * 1024;

/** Someone who gets broadcasts. */
export interface Member {
  readonly send: (frame: Buffer) => void;
}

/** Who is a member now, and the memory that is written to for each who ever was. */
export class Members {
  readonly #behaviour: Behaviour;
  readonly #ledger: Ledger;
  readonly #timetable: Timetable;
  readonly #members = new Set<Member>();
  readonly #chunks: Buffer[] = [];
  #chunkUsed = chunkBytes;

  constructor(behaviour: Behaviour, ledger: Ledger, timetable: Timetable) {
    this.#behaviour = behaviour;
    this.#ledger = ledger;
    this.#timetable = timetable;
  }

  /** The members now, in the order in which they came. */
  list(): readonly Member[] {
    return [...this.#members];
  }

  /** Takes in a new member until its socket closes. */
  came(member: Member, socket: Socket): void {
    const { totals } = this.#ledger;
    const number = totals.members - firstLost;
    totals.members += 1;
    this.#members.add(member);
    socket.on('close', () => this.#members.delete(member));
    this.#touch();
    if (number >= 0 && number < this.#behaviour.loseMembers) {
      this.#timetable.at(monotonicMicros() + stayMicros, () => this.#lose(member, socket, number));
    }
    this.#ledger.changed();
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
    this.#ledger.changed();
  }

  /** Writes to one more piece of memory. Pieces lie side by side in large chunks, so that nothing but them is added. */
  #touch(): void {
    const { bytesPerMember } = this.#behaviour;
    let left = bytesPerMember;
    while (left > 0) {
      if (this.#chunkUsed === chunkBytes) {
        // Not zeroed, so not there before it is written to.
        this.#chunks.push(Buffer.allocUnsafeSlow(chunkBytes));
        this.#chunkUsed = 0;
      }
      const part = Math.min(left, chunkBytes - this.#chunkUsed);
      this.#chunks.at(-1)?.fill(1, this.#chunkUsed, this.#chunkUsed + part);
      this.#chunkUsed += part;
      left -= part;
    }
    this.#ledger.totals.touchedBytes += bytesPerMember;
  }
}
