/** What a field of a phase counts, which decides how its value is written: `1000/s`, `30s`, `64`, `50%`, or one of some words. */
export type FieldUnit = 'count' | 'perSecond' | 'seconds' | 'bytes' | 'percent';

/** A field that holds a number between two bounds. */
interface NumberField {
  /** As it is written in the text form. */
  readonly name: string;
  readonly unit: FieldUnit;
  readonly least: number;
  readonly most: number;
  readonly default: number;
  /** One sentence. */
  readonly about: string;
}

/** A field that holds one of some words. */
interface ChoiceField {
  readonly name: string;
  readonly unit: 'choice';
  readonly choices: readonly string[];
  readonly default: string;
  readonly about: string;
}

export type Field = NumberField | ChoiceField;

/** One kind of phase: what it does, its fields by their names in JSON (units in the names), and how long it may take. */
export interface PhaseKind {
  readonly about: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** For how long work falls due, seconds. Default: the field `seconds`, and 0 where there is none: all is due at once. */
  readonly dueSeconds?: (phase: never) => number;
  /** How long answers that never come are waited for after that, seconds. Default: {@link tailSeconds}. */
  readonly waitSeconds?: (phase: never) => number;
}

/** How long a phase waits when nothing more arrives of what it still expects, seconds. */
export const silenceSeconds = 10;

/** How long a phase waits for what trickles in after its end, seconds; broadcasts to very many connections are waited for longer. */
export const tailSeconds = 30;

/** The number and due time of a broadcast take so many bytes of it at most: seven digits, a space, sixteen digits. */
const broadcastHeaderBytes = 24;

const bytes = (least: number, byDefault: number, about: string) =>
  ({ name: 'bytes', unit: 'bytes', least, most: 1024 * 1024, default: byDefault, about }) as const;

const backoff = {
  name: 'backoff',
  unit: 'choice',
  choices: ['none', 'exp'],
  default: 'exp',
  about: 'Clients reconnect at once, or after a random wait of up to 1 s, then 2 s, 4 s, … 30 s.',
} as const;

const within = (about: string) =>
  ({ name: 'within', unit: 'seconds', least: 1, most: 3600, default: 60, about }) as const;

const day = 86_400;

/**
 * Every kind of phase. Parser, help, JSON Schema, the page docs/workloads.md and the record in result.json are made from this table:
 * a new kind is a line here, and a room of its own in phases/, lib/results/phases and, where it has more to show than figures,
 * lib/report/phases.
 */
export const phaseKinds = {
  echo: {
    about:
      'Sends messages on the connections in turn and expects each back unchanged, without waiting for earlier answers.',
    fields: {
      ratePerSecond: {
        name: 'rate',
        unit: 'perSecond',
        least: 0.001,
        most: 1e7,
        default: 1000,
        about: 'Messages per second of the whole lab.',
      },
      seconds: {
        name: 'for',
        unit: 'seconds',
        least: 0.001,
        most: day,
        default: 30,
        about: 'How long messages are sent.',
      },
      bytes: bytes(0, 64, 'Payload of a message; below 44, answers are matched by order, not by number.'),
    },
  },
  broadcast: {
    about: 'Sends messages to every connection; the load hosts publish in turn, in slots of the wall clock.',
    fields: {
      times: { name: 'times', unit: 'count', least: 1, most: 1e6, default: 3, about: 'Broadcasts of the whole lab.' },
      intervalSeconds: {
        name: 'every',
        unit: 'seconds',
        least: 0.01,
        most: day,
        default: 10,
        about: 'Time from one broadcast to the next.',
      },
      bytes: bytes(
        broadcastHeaderBytes,
        broadcastHeaderBytes,
        'Payload of a message; its number and due time take up to 24 of it.',
      ),
    },
    // The first waits for a slot of the clock, and every host for the broadcasts of the others.
    dueSeconds: ({ times, intervalSeconds }: { readonly times: number; readonly intervalSeconds: number }) =>
      (times + 1) * intervalSeconds,
    waitSeconds: () => 2 * tailSeconds,
  },
  heartbeat: {
    about: 'Every connection sends a ping at an interval and expects the pong; the pings are spread evenly.',
    fields: {
      intervalSeconds: {
        name: 'every',
        unit: 'seconds',
        least: 0.1,
        most: 3600,
        default: 30,
        about: 'Time from one ping of a connection to its next.',
      },
      seconds: { name: 'for', unit: 'seconds', least: 0.1, most: day, default: 60, about: 'How long pings are sent.' },
    },
  },
  churn: {
    about: 'Closes connections cleanly at a rate and reopens each, so that their number stays the same.',
    fields: {
      ratePerSecond: {
        name: 'rate',
        unit: 'perSecond',
        least: 0.001,
        most: 1e6,
        default: 100,
        about: 'Connections per second of the whole lab that are closed and reopened.',
      },
      seconds: {
        name: 'for',
        unit: 'seconds',
        least: 0.1,
        most: day,
        default: 30,
        about: 'How long connections are closed.',
      },
    },
  },
  storm: {
    about: 'Cuts a share of the connections at once; every client reconnects.',
    fields: {
      cutPercent: {
        name: 'cut',
        unit: 'percent',
        least: 0.1,
        most: 100,
        default: 100,
        about: 'Share of the connections to cut.',
      },
      by: {
        name: 'by',
        unit: 'choice',
        choices: ['reset', 'silence'],
        default: 'reset',
        about: 'A reset reaches the server; with silence, the server has to notice by itself.',
      },
      backoff,
      withinSeconds: within('How long to wait for them.'),
    },
    waitSeconds: ({ withinSeconds }: { readonly withinSeconds: number }) => withinSeconds,
  },
  idle: {
    about: 'Does nothing: shows what holding the connections costs.',
    fields: {
      seconds: { name: 'for', unit: 'seconds', least: 1, most: day, default: 60, about: 'Duration.' },
    },
    waitSeconds: () => 0,
  },
  restart: {
    about:
      'Kills the server and starts it again while connections are open; every client reconnects. At most one per workload.',
    fields: {
      backoff,
      withinSeconds: within('How long to wait for them once the server listens again.'),
    },
    waitSeconds: ({ withinSeconds }: { readonly withinSeconds: number }) => withinSeconds,
  },
} as const satisfies Readonly<Record<string, PhaseKind>>;

/** The name of a kind of phase. */
export type PhaseKindName = keyof typeof phaseKinds;

type ValueOf<F> = F extends { readonly unit: 'choice'; readonly choices: readonly (infer Word)[] } ? Word : number;

/** A phase of one kind, with a value for each of its fields. */
export type PhaseOf<Kind extends PhaseKindName> = { readonly kind: Kind } & {
  readonly [key in keyof (typeof phaseKinds)[Kind]['fields']]: ValueOf<(typeof phaseKinds)[Kind]['fields'][key]>;
};

/** One phase of a workload. */
export type Phase = { [Kind in PhaseKindName]: PhaseOf<Kind> }[PhaseKindName];

/** What happens on the connections once they are held: phases, in order. None: they are only held. */
export type Workload = readonly Phase[];

/** The names of all kinds, in the order of the table. */
export const phaseKindNames = Object.keys(phaseKinds) as readonly PhaseKindName[];

/** Whether a word names a kind of phase. */
export function isPhaseKind(word: string): word is PhaseKindName {
  return Object.hasOwn(phaseKinds, word);
}

/** The fields of a kind, by their names in JSON. */
export function fieldsOf(kind: PhaseKindName): Readonly<Record<string, Field>> {
  return phaseKinds[kind].fields;
}

/** The phases of one kind. */
export function phasesOfKind<Kind extends PhaseKindName>(workload: Workload, kind: Kind): readonly PhaseOf<Kind>[] {
  return workload.filter((phase): phase is Extract<Phase, { kind: Kind }> => phase.kind === kind) as never;
}

/**
 * Names for the phases of a workload: the kind, and from the second of a kind on its number: echo, broadcast, echo-2. Figures and
 * charts go by them.
 */
export function phaseNames(workload: Workload): readonly string[] {
  return workload.map(({ kind }, place) => {
    const earlier = workload.slice(0, place).filter((phase) => phase.kind === kind).length;
    return earlier === 0 ? kind : `${kind}-${earlier + 1}`;
  });
}

/** For how long work of a phase falls due, seconds; 0: all at once. */
export function dueSeconds(phase: Phase): number {
  const { dueSeconds: ofKind }: PhaseKind = phaseKinds[phase.kind];
  if (ofKind !== undefined) return (ofKind as (phase: Phase) => number)(phase);
  return 'seconds' in phase ? phase.seconds : 0;
}

/** How long answers of a phase that never come are waited for after its work fell due, seconds. */
export function waitSeconds(phase: Phase): number {
  const { waitSeconds: ofKind }: PhaseKind = phaseKinds[phase.kind];
  return ofKind === undefined ? tailSeconds : (ofKind as (phase: Phase) => number)(phase);
}

/** The longest that a workload may take, seconds, what is waited for in vain included. */
export function plannedSeconds(workload: Workload): number {
  return workload.reduce((total, phase) => total + dueSeconds(phase) + waitSeconds(phase), 0);
}
