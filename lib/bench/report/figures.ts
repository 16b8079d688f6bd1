import type { DrivenKind } from '../contenders/driven-phases.ts';
import type { Measurement } from '../measure.ts';

/** What is compared: a figure of one round, worked out with the round of a single connection as base. */
export interface Figure {
  readonly name: string;
  readonly of: (measurement: Measurement, base: Measurement) => number | null;
  readonly digits: number;
  readonly moreIsBetter?: true;
  /** Whether a peer has to be beaten on it. */
  readonly compared: boolean;
}

/** Connections of a round beyond the one of the base. */
function more(measurement: Measurement, base: Measurement): number {
  return measurement.connections - base.connections;
}

const connectionsPerSecond: Figure = {
  name: 'connections/s',
  of: (m) => m.connectionsPerSecond,
  digits: 0,
  moreIsBetter: true,
  compared: true,
};

export const cpuAConnection: Figure = {
  name: 'CPU µs a connection',
  of: (m, base) => (m.ramped.cpuMicros - base.ramped.cpuMicros) / more(m, base),
  digits: 1,
  compared: true,
};

export const cpuAConnectionWithStart: Figure = {
  name: 'CPU µs a connection, start-up included',
  of: (m) => m.ramped.cpuMicros / m.connections,
  digits: 1,
  compared: true,
};

export const bytesAConnection: Figure = {
  name: 'bytes a connection',
  of: (m, base) => (m.ramped.anonymousBytes - base.ramped.anonymousBytes) / more(m, base),
  digits: 0,
  compared: true,
};

export const cpuAMessage: Figure = {
  name: 'CPU µs a broadcast message',
  of: (m) => m.cpuMicrosAMessage,
  digits: 2,
  compared: true,
};

const firstToLast: Figure = {
  name: 'first to last arrival, ms for 10 000',
  of: (m) => (m.firstToLastMicros === null ? null : (m.firstToLastMicros * 10) / m.connections),
  digits: 1,
  compared: true,
};

const idleCpu: Figure = {
  name: 'idle, CPU µs/s',
  of: (m) => m.idleCpuMicrosASecond,
  digits: 0,
  compared: false,
};

function cpuAPiece(kind: DrivenKind, name: string): Figure {
  return { name, of: (m) => m.cpuMicrosAPiece[kind] ?? null, digits: 1, compared: true };
}

/** What a heartbeat and a connection that comes back cost. */
export const drivenFigures: readonly Figure[] = [
  cpuAPiece('heartbeat', 'CPU µs a ping'),
  cpuAPiece('churn', 'CPU µs a reconnect, churn'),
  cpuAPiece('storm', 'CPU µs a reconnect, storm'),
];

/** The rows of the report. */
export const figures: readonly Figure[] = [
  connectionsPerSecond,
  cpuAConnection,
  cpuAConnectionWithStart,
  bytesAConnection,
  cpuAMessage,
  firstToLast,
  ...drivenFigures,
  idleCpu,
];
