import { parseArgs } from 'node:util';

/** What the reference server is told to do, each of it by a flag of the same name: `--echo-delay-micros=20000`. 0 leaves it out. */
export interface Behaviour {
  /** An echo leaves so long after its message was read. */
  readonly echoDelayMicros: number;
  /** Every n-th echo is slow instead, */
  readonly slowOneIn: number;
  /** by this. */
  readonly slowDelayMicros: number;
  /** Every n-th echo never leaves. */
  readonly dropOneIn: number;
  /** A pong leaves so long after its ping was read. */
  readonly pongDelayMicros: number;
  /** Every n-th pong never leaves. */
  readonly dropPongOneIn: number;
  /** At this many echoes the whole process stands still once, */
  readonly stallAtEcho: number;
  /** for so long. */
  readonly stallMicros: number;
  /** The first member is sent a broadcast so long after it was published, */
  readonly broadcastDelayMicros: number;
  /** and the last one so long after the first, the others evenly between. */
  readonly broadcastSpreadMicros: number;
  /** Every n-th message of the broadcasts is not sent. */
  readonly loseOneIn: number;
  /** Every n-th message of the broadcasts is sent twice. */
  readonly duplicateOneIn: number;
  /** So many requests to become a member are never answered, */
  readonly silent: number;
  /** so many after these are answered 503, */
  readonly reject: number;
  /** so many after these are reset; */
  readonly reset: number;
  /** and then nothing listens for so long. */
  readonly refuseMicros: number;
  /** So many members are lost again soon after they came: a third by reset, by a close frame, by the end of the stream. */
  readonly loseMembers: number;
  /** Memory that is written to for each member. */
  readonly bytesPerMember: number;
  /** A goodbye is answered so long after it was read. */
  readonly closeDelayMicros: number;
  /** Who comes back after a goodbye is accepted so long after asking, */
  readonly returnDelayMicros: number;
  /** and so much memory is written to for each and never given back. */
  readonly leakBytesPerReturn: number;
  /** Of the requests of those who come back, after a goodbye or cut off, every n-th is answered 503, */
  readonly rejectReturnOneIn: number;
  /** and every n-th is reset. */
  readonly resetReturnOneIn: number;
  /** Of those who were cut off, the first to come back is accepted so long after the first was cut, */
  readonly stormDelayMicros: number;
  /** and the last one so long after the first, the others evenly between. */
  readonly stormSpreadMicros: number;
  /** When the first member is cut off the whole process stands still once, for so long. */
  readonly stallAtCutMicros: number;
  /** From when all are back on, until somebody says goodbye, so much memory a second is written to. */
  readonly idleBytesPerSecond: number;
}

/** A server that does nothing but its duty. */
const faultless: Behaviour = {
  echoDelayMicros: 0,
  slowOneIn: 0,
  slowDelayMicros: 0,
  dropOneIn: 0,
  pongDelayMicros: 0,
  dropPongOneIn: 0,
  stallAtEcho: 0,
  stallMicros: 0,
  broadcastDelayMicros: 0,
  broadcastSpreadMicros: 0,
  loseOneIn: 0,
  duplicateOneIn: 0,
  silent: 0,
  reject: 0,
  reset: 0,
  refuseMicros: 0,
  loseMembers: 0,
  bytesPerMember: 0,
  closeDelayMicros: 0,
  returnDelayMicros: 0,
  leakBytesPerReturn: 0,
  rejectReturnOneIn: 0,
  resetReturnOneIn: 0,
  stormDelayMicros: 0,
  stormSpreadMicros: 0,
  stallAtCutMicros: 0,
  idleBytesPerSecond: 0,
};

const names = Object.keys(faultless) as (keyof Behaviour)[];

/** The flag of a behaviour: `echoDelayMicros` is `echo-delay-micros`. */
function flagOf(name: keyof Behaviour): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The flags that make a server behave so. */
export function flagsOf(behaviour: Partial<Behaviour>): readonly string[] {
  return names.flatMap((name) => {
    const value = behaviour[name] ?? 0;
    return value === 0 ? [] : [`--${flagOf(name)}=${value}`];
  });
}

/** Reads the flags; throws for one that is unknown or no whole number. */
export function behaviourOf(flags: readonly string[]): Behaviour {
  const options = Object.fromEntries(names.map((name) => [flagOf(name), { type: 'string' } as const]));
  const { values } = parseArgs({ args: [...flags], options, allowPositionals: false });
  return Object.fromEntries(
    names.map((name) => {
      const text = values[flagOf(name)] ?? '0';
      if (typeof text !== 'string' || !/^\d{1,12}$/.test(text)) {
        throw new Error(`--${flagOf(name)} must be a whole number, got '${text}'`);
      }
      return [name, Number(text)];
    }),
  ) as unknown as Behaviour;
}
