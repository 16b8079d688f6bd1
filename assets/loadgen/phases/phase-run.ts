import type { Connections } from '../connections/connections.ts';
import type { LoopMeter } from '../measure/loop-meter.ts';
import type { Endpoints } from '../plan/share.ts';
import type { FailureCause } from '../raw.ts';
import type { BroadcastLog } from './broadcast-log.ts';
import type { Returns } from './returns.ts';

/** How long arrivals may gather whose time the kernel notes, microseconds: other things wait meanwhile. */
export const stampedGatherMicros = 2000;

/** What a phase works with in a load process. */
export interface PhaseContext {
  /** Which phase of the workload it is, from 0. */
  readonly place: number;
  readonly connections: Connections;
  readonly meter: LoopMeter;
  /** Every broadcast that arrives, whatever the phase: other hosts may be a little ahead. */
  readonly broadcasts: BroadcastLog;
  /** The number of the first broadcast of this phase and of those behind it. */
  readonly firstSeq: number;
  /** Connections of this process, numbered from 0, and where each begins and ends. */
  readonly connectionCount: number;
  readonly endpoints: (connection: number) => Endpoints;
  readonly sharesLocalPorts: boolean;
  /** Whether clients come back from the local ports of the plan, not from ports that the kernel chooses. */
  readonly keepsPorts: boolean;
  /** How long an attempt may take, microseconds. */
  readonly handshakeMicros: number;
  /** Says goodbye on an open connection; `left` is called when the server has closed. */
  readonly leave: (fd: number) => void;
  /** Cuts an open connection: a reset, or nothing at all is sent; false where it was reset though it was to vanish. */
  readonly cut: (fd: number, silently: boolean) => boolean;
  /** Connections that are open now. */
  readonly open: () => number;
}

/** When a phase is due, microseconds of the monotonic clock. */
export interface PhaseSpan {
  readonly beginMicros: number;
  /** Nothing more is due from then on. */
  readonly endsMicros: number;
}

/** The same, and this process' part of it. */
export interface PhaseTimes extends PhaseSpan {
  /** This process' connections over those of the lab. */
  readonly share: number;
  /** Likewise, those of the processes before it. */
  readonly before: number;
}

/**
 * One phase as a load process runs it: a room with the same doors for every kind. Sums of `waiting` and `counts` over the processes
 * are what the host goes by: a phase is over when all is sent and nothing is waited for, or nothing has come for a while.
 */
export interface PhaseRun<Raw extends object> {
  /** Begins it. */
  start(times: PhaseTimes): void;
  /** Does what is due; when it wants to be called again: microseconds of the monotonic clock, Infinity for nothing. */
  run(now: number): number;
  /**
   * Takes a message that is no broadcast, as {@link ConnectionEvents.message} describes it; false when it has nothing to do with the
   * phase. Absent where none is expected.
   */
  message?(fd: number, bytes: Uint8Array, start: number, end: number, tail: number, now: number): boolean;
  /** Takes a pong. */
  pong?(fd: number, bytes: Uint8Array, start: number, end: number, now: number): void;
  /** Its clients that come back: they are told of what opens and what fails to. Absent where none does. */
  readonly returns?: Returns;
  /** A connection that said goodbye has gone; its descriptor is still valid as an index. */
  left?(fd: number, now: number): void;
  /** A connection is gone, and with it what it owed. */
  lost?(fd: number, cause: FailureCause, now: number): void;
  /** Whether connections are to be lost: then they do not count among the lost. */
  readonly expectsLoss?: boolean;
  /** Whether everything that is due has been done. */
  sentAll(now: number): boolean;
  /** How much is still expected. */
  waiting(): number;
  /** When something was last sent or came, microseconds of the monotonic clock. */
  readonly lastActivityMicros: number;
  /**
   * Whether nothing of its latencies is the time that what came waited to be read: the kernel told of what came last when it came, on
   * connections of stampArrivals(). Absent where it is not asked.
   */
  readonly isToldArrivals?: boolean;
  /**
   * How long arrivals may be left to gather before they are read, microseconds, after an iteration that had some or not; absent where
   * one that waits would be late.
   */
  gatherMicros?(now: number, hadArrivals: boolean): number;
  /** What has been counted, for status lines: few, and the same names in every process. */
  counts(): Readonly<Record<string, number>>;
  /** What it has measured. */
  raw(): Raw;
}
