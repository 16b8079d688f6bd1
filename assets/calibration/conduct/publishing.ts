import type { Behaviour } from '../behaviour.ts';
import { monotonicMicros } from '../time/clock.ts';
import type { Ledger } from '../ground-truth/ledger.ts';
import type { Member, Members } from './members.ts';
import type { Timetable } from '../time/timetable.ts';
import { frameOf, opcodes } from '../web-socket.ts';

/** Sends broadcasts to members at the pace, and with the faults, that it was told. */
export class Publishing {
  readonly #behaviour: Behaviour;
  readonly #members: Members;
  readonly #ledger: Ledger;
  readonly #timetable: Timetable;
  #messages = 0;

  constructor(behaviour: Behaviour, members: Members, ledger: Ledger, timetable: Timetable) {
    this.#behaviour = behaviour;
    this.#members = members;
    this.#ledger = ledger;
    this.#timetable = timetable;
  }

  /** Sends a text to every member; `answer` is called when the last send is done. */
  publish(text: Buffer, answer: (text: string) => void): void {
    const began = monotonicMicros();
    const { broadcastDelayMicros, broadcastSpreadMicros } = this.#behaviour;
    const members = this.#members.list();
    const frame = frameOf(opcodes.text, text);
    const truth = {
      seq: Number(text.toString('latin1').split(' ', 1)[0]),
      members: members.length,
      lost: 0,
      duplicated: 0,
      delaysMicros: [] as number[],
    };
    const finish = (): void => {
      this.#ledger.broadcast(truth);
      // What is lost is lost unknown to the server: it counts as sent.
      answer(`sent ${members.length} 0 ${Math.round(monotonicMicros() - began)}`);
    };
    const sendTo = (place: number): void => {
      const member = members[place];
      if (member !== undefined) this.#send(member, frame, truth, began);
      if (place + 1 >= members.length) finish();
    };
    if (members.length === 0) finish();
    if (broadcastDelayMicros === 0 && broadcastSpreadMicros === 0) {
      for (const place of members.keys()) sendTo(place);
      return;
    }
    const step = broadcastSpreadMicros / Math.max(1, members.length - 1);
    for (const place of members.keys()) {
      this.#timetable.at(began + broadcastDelayMicros + place * step, () => sendTo(place));
    }
  }

  #send(
    member: Member,
    frame: Buffer,
    truth: { lost: number; duplicated: number; readonly delaysMicros: number[] },
    began: number,
  ): void {
    const { loseOneIn, duplicateOneIn } = this.#behaviour;
    this.#messages += 1;
    if (loseOneIn > 0 && this.#messages % loseOneIn === 0) {
      truth.lost += 1;
      return;
    }
    member.send(frame);
    truth.delaysMicros.push(Math.round(monotonicMicros() - began));
    if (duplicateOneIn > 0 && this.#messages % duplicateOneIn === 0) {
      truth.duplicated += 1;
      member.send(frame);
    }
  }
}
