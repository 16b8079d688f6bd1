import type { Target } from '../connections/target.ts';
import type { PhaseSpan } from '../phases/phase-run.ts';
import type { LoadPlan } from '../plan/share.ts';
import type { Key } from '../websocket/keys.ts';
import type { LoadCounts, LoadProcessRaw } from '../raw.ts';
import type { Workload } from '../workload/phase-kinds.ts';

/** The first line that a load process gets. */
export interface StartLoad {
  readonly type: 'load';
  readonly host: string;
  /** 0-based among this host's load processes. */
  readonly process: number;
  readonly plan: LoadPlan;
  readonly target: Target;
  /** Connections a second over the whole lab; null: as fast as the server takes them. */
  readonly ratePerSecond: number | null;
  readonly handshakeSeconds: number;
  /** For its handshakes. */
  readonly keys: readonly Key[];
}

/** The first line that the process which publishes broadcasts gets: it opens one connection to each port. */
export interface StartPublisher {
  readonly type: 'publisher';
  readonly host: string;
  readonly process: number;
  readonly target: Target;
  readonly source: string;
  /** The range that its local ports are taken from, the last first. */
  readonly localPorts: { readonly first: number; readonly last: number };
  readonly keys: readonly Key[];
}

/** Tells a load process which phases there will be. */
interface DriveOrder {
  readonly type: 'drive';
  readonly workload: Workload;
}

/** Begins a phase on a load process. */
export interface PhaseOrder extends PhaseSpan {
  readonly type: 'phase';
  readonly place: number;
}

/** Tells the publisher what to publish, and when. */
export interface PublishOrder {
  readonly type: 'publish';
  readonly place: number;
  readonly seqs: readonly number[];
  readonly firstMicros: number;
  readonly stepMicros: number;
  /** Bytes of each message. */
  readonly bytes: number;
}

/** Any line to a worker; `phaseEnd` ends a phase (`endedMicros` null: before it was over), `collect` asks for what was measured, in a file or (null) in the report. */
export type WorkerOrder =
  | StartLoad
  | StartPublisher
  | DriveOrder
  | PhaseOrder
  | PublishOrder
  | { readonly type: 'phaseEnd'; readonly endedMicros: number | null }
  | { readonly type: 'collect'; readonly file: string | null }
  | { readonly type: 'stop' };

/** What a load process reports, once a second and when the ramp or a phase ends. */
export interface LoadReport {
  readonly type: 'status';
  readonly counts: LoadCounts;
  /** Every connection is open or given up. */
  readonly rampEnded: boolean;
  /** Broadcast messages that have arrived, second arrivals included. */
  readonly broadcastMessages: number;
  /** The phase that runs, or ran last; null before the first. */
  readonly driving: PhaseReport | null;
}

/** How far a load process is with a phase; sums over the processes say whether it is over. */
export interface PhaseReport {
  readonly place: number;
  readonly sentAll: boolean;
  /** How much is still expected. */
  readonly waiting: number;
  readonly lastActivityMicros: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** What the publisher reports: how much it has published, at least once a second. */
type PublisherReport =
  | { readonly type: 'ready' }
  /** How many broadcasts of the latest order, and answers of the server that are owed for them; null before the first order. */
  | { readonly type: 'published'; readonly place: number | null; readonly count: number; readonly unanswered: number }
  | { readonly type: 'failed'; readonly reason: string };

/** The answer of either to `collect`. */
export interface Collected {
  readonly type: 'collected';
  /** Null when it is in the file. */
  readonly raw: LoadProcessRaw | null;
  /** Why the file could not be written, or null. */
  readonly error: string | null;
}

export type WorkerReport = LoadReport | PublisherReport | Collected;
