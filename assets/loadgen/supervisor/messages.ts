import type { Target } from '../connections/target.ts';
import type { LoadPlan } from '../plan/share.ts';
import type { Key } from '../websocket/keys.ts';
import type { LoadCounts, LoadProcessRaw } from '../raw.ts';

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

/** Begins the workload on a load process. */
export interface DriveOrder {
  readonly type: 'drive';
  readonly broadcasts: number;
  readonly owners: number;
  readonly hostIndex: number;
  /** Null when there are to be no echoes from this process. */
  readonly echo: { readonly beginMicros: number; readonly perSecond: number; readonly count: number } | null;
}

/** Tells the publisher what to publish, and when. */
export interface PublishOrder {
  readonly type: 'publish';
  readonly seqs: readonly number[];
  readonly firstMicros: number;
  readonly stepMicros: number;
}

/** Any line to a worker; `driven` ends the workload, `collect` asks for what was measured, in a file or (null) in the report. */
export type WorkerOrder =
  | StartLoad
  | StartPublisher
  | DriveOrder
  | PublishOrder
  | { readonly type: 'driven' }
  | { readonly type: 'collect'; readonly file: string | null }
  | { readonly type: 'stop' };

/** What a load process reports, once a second and at the end of ramp and echoes. */
export interface LoadReport {
  readonly type: 'status';
  readonly counts: LoadCounts;
  /** Every connection is open or given up. */
  readonly rampEnded: boolean;
  readonly broadcastMessagesReceived: number;
  /** First arrivals that open members still wait for, of the broadcasts of the drive. */
  readonly broadcastsPending: number;
  /** When a broadcast last arrived here; 0 before. */
  readonly lastArrivalMicros: number;
  readonly echoesSent: number;
  readonly echoesReceived: number;
  /** All echoes are sent, and answered or given up. */
  readonly echoDone: boolean;
}

/** What the publisher reports: how much it has published, at least once a second. */
export type PublisherReport =
  | { readonly type: 'ready' }
  | { readonly type: 'published'; readonly count: number }
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
