import { phaseNames, type Workload } from '../../assets/loadgen/workload/phase-kinds.ts';
import type { Quantity } from './phases/phase-room.ts';
import { resultRoom } from './phases/rooms.ts';
import type { MeasurementResult, MemorySlope } from './schema/measurement-result.ts';

/** A figure that servers are compared by. */
export interface ComparedFigure {
  /** Its name in result.json, of a phase behind the phase's name: rampSeconds, echo.p99Micros. */
  readonly name: string;
  /** What its column stands under, such as the name of its phase. */
  readonly group: string;
  readonly heading: string;
  /** One sentence. */
  readonly about: string;
  readonly quantity: Quantity;
  readonly better: 'less' | 'more' | null;
  /** The figure in a measurement that a note of trust may be about. */
  readonly trustedAs: string;
  /** Null where it was not measured. */
  readonly of: (result: MeasurementResult) => number | null;
}

const general: readonly ComparedFigure[] = [
  {
    name: 'peakConnections',
    group: 'conns',
    heading: 'peak',
    about: 'The most connections open at one time.',
    quantity: 'count',
    better: null,
    trustedAs: 'connections',
    of: ({ connections }) => connections.peak,
  },
  {
    name: 'serverBytesPerConnection',
    group: 'memory/conn',
    heading: 'server',
    about: "The server's own memory a connection, the slope over the ramp.",
    quantity: 'bytes',
    better: 'less',
    trustedAs: 'memory.server',
    of: ({ memory }) => knownSlope(memory.server),
  },
  {
    name: 'kernelBytesPerConnection',
    group: 'memory/conn',
    heading: 'kernel',
    about: "The machine's slab and socket buffers a connection, the slope over the ramp.",
    quantity: 'bytes',
    better: null,
    trustedAs: 'memory.kernel',
    of: ({ memory }) => knownSlope(memory.kernel),
  },
  {
    name: 'serverCpuMicrosPerConnection',
    group: 'ramp',
    heading: 'CPU/conn',
    about: 'Processor time of the server for one connection opened: accepting it and its handshakes, TLS and upgrade.',
    quantity: 'micros',
    better: 'less',
    trustedAs: 'cpu',
    of: ({ cpu, connections }) =>
      cpu.serverRampSeconds === null || connections.established === 0
        ? null
        : (cpu.serverRampSeconds * 1e6) / connections.established,
  },
  {
    name: 'rampSeconds',
    group: 'ramp',
    heading: 'time',
    about: 'From the first attempt to the last connection opened or given up.',
    quantity: 'seconds',
    better: null,
    trustedAs: 'ramp',
    of: ({ ramp }) => ramp.seconds,
  },
];

/** What a server pushes, where it does. */
const pushes: readonly ComparedFigure[] = [
  {
    name: 'pushes.perSecond',
    group: 'pushes',
    heading: 'rate',
    about: 'Messages a second that were neither echoes nor broadcasts, over all connections.',
    quantity: 'count',
    better: null,
    trustedAs: 'answers.pushes.messagesPerSecond',
    of: ({ answers }) => answers.pushes.messagesPerSecond,
  },
  {
    name: 'pushes.p99Micros',
    group: 'pushes',
    heading: 'p99',
    about: 'From the time that a pushed message carries (--stamp) until it was read.',
    quantity: 'micros',
    better: 'less',
    trustedAs: 'answers.pushes.latency.p99Micros',
    of: ({ answers }) => answers.pushes.latency?.p99Micros ?? null,
  },
];

/** The figures that servers are compared by under a workload: those of holding connections, of each phase, and of pushes. */
export function comparedFigures(workload: Workload): readonly ComparedFigure[] {
  const names = phaseNames(workload);
  const ofPhases = workload.flatMap(({ kind }, place) => {
    const name = names[place] ?? kind;
    return resultRoom(kind).figures.map(({ key, of, ...shown }): ComparedFigure => ({
      ...shown,
      name: `${name}.${key}`,
      group: name,
      trustedAs: `${name}.latency.${key}`,
      of: ({ phases }) => {
        const phase = phases.find((candidate) => candidate.place === place);
        return phase === undefined ? null : of(phase);
      },
    }));
  });
  return [...general, ...ofPhases, ...pushes];
}

/** Short names of figures that are asked for often. */
const shortNames: Readonly<Record<string, string>> = {
  memory: 'serverBytesPerConnection',
  connectCpu: 'serverCpuMicrosPerConnection',
};

/**
 * The figures of these workloads in which one server can be better than another, by every name that a user may give them: in
 * result.json (broadcast.p99Micros), without the unit (broadcast.p99), or short (memory).
 */
export function figuresByName(workloads: readonly Workload[]): ReadonlyMap<string, ComparedFigure> {
  const named = new Map<string, ComparedFigure>();
  for (const figure of workloads.flatMap(comparedFigures).filter(({ better }) => better !== null)) {
    named.set(figure.name, figure);
    named.set(figure.name.replace(/(Micros|Bytes|Seconds)$/, ''), figure);
  }
  for (const [short, name] of Object.entries(shortNames)) {
    const figure = named.get(name);
    if (figure !== undefined) named.set(short, figure);
  }
  return named;
}

/** The shortest name of each of these figures, as a hint lists them. */
export function shortestNames(figures: ReadonlyMap<string, ComparedFigure>): readonly string[] {
  const shortest = new Map<ComparedFigure, string>();
  for (const [name, figure] of figures) {
    if (name.length < (shortest.get(figure)?.length ?? Infinity)) shortest.set(figure, name);
  }
  return [...shortest.values()];
}

/** A slope whose confidence interval includes zero tells nothing: it is left out of comparisons, and stays in its measurement. */
function knownSlope(slope: MemorySlope | null): number | null {
  return slope === null || slope.lowBytesPerConnection <= 0 ? null : slope.bytesPerConnection;
}
