import type { Workload } from '../../../assets/loadgen/workload/phase-kinds.ts';
import type { Usage } from '../process-usage.ts';

/** What a contender is to do in one round. */
export interface Task {
  readonly port: number;
  readonly connections: number;
  /** A loopback address no other round uses: none meets what the last one left behind. */
  readonly source: string;
  /** How many broadcasts its connections will receive. */
  readonly broadcasts: number;
  /** Whether connections are secured. */
  readonly tls: boolean;
  /** An empty folder of the round. */
  readonly folder: string;
}

/** What a contender says of itself when it has ended; null where it cannot say. */
export interface OwnReport {
  /** From the first arrival of a broadcast to the last, one a broadcast. */
  readonly spreadsMicros: readonly number[] | null;
  /** Broadcast messages it received. */
  readonly messages: number | null;
}

/** A contender that has been started. */
export interface RunningContender {
  /** What all its processes have used so far. */
  readonly usage: () => Usage;
  /** Throws when it ended or failed by itself. */
  readonly check: () => void;
  /** Resolves when it knows that all connections are open; absent when only the server knows. */
  readonly opened?: () => Promise<void>;
  /** Resolves when so many broadcasts have reached all of its connections; absent when it does not say while it runs. */
  readonly received?: (broadcasts: number) => Promise<void>;
  /**
   * Runs phases on its connections, once, `onPhase` after each; how many pings were answered, or connections are back, in each. Absent
   * when it only receives.
   */
  readonly drive?: (workload: Workload, onPhase: () => void) => Promise<readonly number[]>;
  /** Ends it, and gives its report. */
  readonly stop: () => Promise<OwnReport>;
  /** Ends it at once, whatever state it is in. */
  readonly kill: () => Promise<void>;
}

/** A program that opens WebSocket connections and receives on them. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  /** The most connections it is given. */
  readonly connections: number;
  readonly start: (task: Task) => Promise<RunningContender>;
}
