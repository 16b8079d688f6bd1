import type { HostSample } from '../../../assets/host/raw.ts';
import type { PhaseRawOf } from '../../../assets/loadgen/phases/rooms.ts';
import type { PhaseKindName, PhaseOf } from '../../../assets/loadgen/workload/phase-kinds.ts';

/** What a figure counts, which decides the units it may be shown in. */
export type Quantity = 'micros' | 'bytes' | 'seconds' | 'count';

/** The part of a phase that one process of a load host measured. */
export interface PhasePart<Kind extends PhaseKindName> {
  readonly host: string;
  /** What to add to its times to have Unix microseconds. */
  readonly offset: number;
  readonly raw: PhaseRawOf<Kind>;
}

/** What the server's host saw during a phase. */
export interface Meanwhile {
  /** Samples while it went on, of the server's host; none where they are missing. */
  readonly samples: readonly HostSample[];
  /** Memory of the server processes: [seconds since the phase began, bytes]. */
  readonly memory: readonly (readonly [number, number])[];
  /** From the first beginning to the last end, seconds; null when no host began it. */
  readonly seconds: number | null;
}

/** What a room makes of the parts of its phase. */
interface MergedPhase<Measured> {
  /** Encoded histograms that are the phase's latency together. */
  readonly latencies: readonly string[];
  /** Whether there must be a latency, because something was counted that has one. */
  readonly hasLatency: boolean;
  readonly measured: Measured;
  /** Histograms beside the latency that could not be decoded. @default 0 */
  readonly undecodable?: number;
}

/** A figure of a phase that servers are compared by. */
export interface PhaseFigure<Result> {
  /** Its name behind that of the phase: echo.p99Micros. */
  readonly key: string;
  /** In the head of its column. */
  readonly heading: string;
  /** One sentence. */
  readonly about: string;
  readonly quantity: Quantity;
  readonly better: 'less' | 'more' | null;
  /** Null where it was not measured. */
  readonly of: (phase: Result) => number | null;
}

/** How the raw parts of a kind of phase are read, merged and compared: its room in the results. */
export interface ResultRoom<Kind extends PhaseKindName, Measured, Result> {
  /** Merges the parts of one phase that was asked for as `asked`. */
  readonly merge: (
    parts: readonly PhasePart<Kind>[],
    asked: PhaseOf<Kind>,
    meanwhile: Meanwhile,
  ) => MergedPhase<Measured>;
  /** What its latency is, in the head of a chart and as a sentence. */
  readonly latency: { readonly title: string; readonly about: string };
  readonly figures: readonly PhaseFigure<Result>[];
  /**
   * How much of what should have been served was not, 0 to 1, and in words; null for nothing. `unlessLost`: connections that were lost
   * in the measurement would explain it.
   */
  readonly unserved: (
    phase: Result,
  ) => { readonly share: number; readonly sentence: string; readonly unlessLost: boolean } | null;
  /** What else came short of what was asked, as sentences. @default - nothing else */
  readonly missing?: (phase: Result, asked: PhaseOf<Kind>) => readonly string[];
  /** What must be read with the figures, as sentences; empty when all went well. */
  readonly remarks: (phase: Result) => readonly string[];
}
