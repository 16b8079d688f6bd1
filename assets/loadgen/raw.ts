/**
 * What the load generator writes: the types of its raw files. Readers (lib/results) validate against the same shape.
 * Times are microseconds of the host's monotonic clock unless a name says otherwise; histograms are base64 of
 * HdrHistogram's compressed V2 encoding, values in microseconds.
 */

import type { DeflateRaw } from './deflate/deflate-sums.ts';
import type { DeflateFailureCause } from './deflate/extension.ts';
import type { BroadcastArrivalsRaw } from './phases/broadcast-log.ts';
import type { PhaseRaw } from './phases/rooms.ts';
import type { PushesRaw } from './measure/push-log.ts';
import type { ServerWordsRaw } from './measure/server-words.ts';
import type { HttpCause } from './websocket/http-causes.ts';
import type { HandshakeCounts } from './tls/handshake-counts.ts';
import type { TlsFailureCause } from './tls/tls-failures.ts';

/** Why a connection could not be opened, or was lost. Errno names as Linux spells them, plus the protocol's own causes. */
export type FailureCause =
  | 'ECONNREFUSED'
  | 'ECONNRESET'
  | 'ETIMEDOUT'
  | 'EADDRINUSE'
  | 'EADDRNOTAVAIL'
  | 'EMFILE'
  | 'ENFILE'
  | 'ENOBUFS'
  | 'ENETUNREACH'
  | 'EHOSTUNREACH'
  | 'EPIPE'
  /** The server answered the upgrade with this HTTP status. */
  | HttpCause
  /** Sec-WebSocket-Accept did not answer the key. */
  | 'wrongAccept'
  /** The server chose an extension, or a subprotocol, that was not offered. */
  | 'unaskedExtension'
  | 'unaskedSubprotocol'
  /** The server's answer to the upgrade was no valid 101 for another reason. */
  | 'badHandshake'
  /** No answer to the upgrade within the handshake's deadline. */
  | 'handshakeTimeout'
  /** The server ended the connection (FIN) without a close frame. */
  | 'closedByServer'
  /** The server sent a close frame. */
  | 'closeFrame'
  /** The server broke the WebSocket protocol. */
  | 'protocolError'
  /** The server did not read, and more waited for it than is kept for one. */
  | 'sendQueueFull'
  /** TLS: tlsFailureTexts says what each means. */
  | TlsFailureCause
  /** Compression: deflateFailureTexts says what each means. */
  | DeflateFailureCause
  | 'other';

export type FailureCounts = Partial<Record<FailureCause, number>>;

/** Counts of one load process, or of a host's processes summed. */
export interface LoadCounts {
  /** Connections this process or host is to hold. */
  readonly wanted: number;
  /** WebSocket handshakes finished and still open now. */
  readonly open: number;
  /** Handshakes finished, ever. */
  readonly established: number;
  /** Connection attempts begun, retries included. */
  readonly attempts: number;
  /** Attempts that failed, by cause; a failed attempt may have been retried with success. */
  readonly connectFailures: FailureCounts;
  /** Connections given up for good. */
  readonly abandoned: number;
  /** Established connections lost, by cause. */
  readonly lost: FailureCounts;
}

/** `loadgen-status.json`: the state of one load host, replaced about once a second. */
export interface LoadStatus {
  readonly unixMillis: number;
  /** `ramping` until every wanted connection is open or given up; `failed` when a load process died. */
  readonly phase: 'starting' | 'ramping' | 'holding' | 'driving' | 'failed';
  /** One sentence for a person, for `failed` and for a ramp that ended short of its goal. */
  readonly reason?: string;
  readonly counts: LoadCounts;
  /** Handshakes finished a second, over the last second. */
  readonly connectionsPerSecond: number;
  readonly processes: number;
  /** Broadcast messages that have arrived, second arrivals included. */
  readonly broadcastMessages: number;
  /** The phase of the workload that runs, or ran last, and what has been counted in it; null before the first. */
  readonly driving: PhaseStatus | null;
  /** Why the workload ended here before it was over, once it has: what is held is held on. */
  readonly driveFailure?: string | undefined;
}

/** Where a host is in its workload. */
export interface PhaseStatus {
  /** Which phase, from 0, and of how many. */
  readonly place: number;
  readonly of: number;
  /** The kind of phase. */
  readonly kind: string;
  /** By what a room calls them: sent, received, … */
  readonly counts: Readonly<Record<string, number>>;
}

/** What became of the connections to one address of a server. */
export interface AddressCounts {
  readonly address: string;
  readonly opened: number;
  readonly lost: number;
  /** Attempts that failed. */
  readonly failures: FailureCounts;
}

/** `loadgen-<process>.json`: everything one load process measured. */
export interface LoadProcessRaw {
  readonly schema: 2;
  /** The measurement that it was written for (the run folder's name); earlier versions did not write it. */
  readonly run?: string | undefined;
  readonly host: string;
  readonly process: number;
  readonly pid: number;
  readonly counts: LoadCounts;
  readonly ramp: {
    readonly beganMicros: number;
    readonly endedMicros: number | null;
    /** From connect() to the checked 101. */
    readonly connectLatency: string;
    /** Open connections over time, at most one point a second: [monotonic micros, open]. */
    readonly openOverTime: readonly (readonly [number, number])[];
    /** The most open connections at one time, also between two of these points; earlier versions did not write it. */
    readonly mostOpen?: number | undefined;
  };
  /** What was measured in each phase of the workload that began; the publisher's broadcasts alone where it only publishes. */
  readonly phases: readonly PhaseRaw[];
  /** Broadcasts that came though no phase of the workload has them. */
  readonly strays: readonly BroadcastArrivalsRaw[];
  /** Each address by itself, where the server has several. */
  readonly addresses?: readonly AddressCounts[] | undefined;
  readonly serverWords?: ServerWordsRaw | undefined;
  readonly pushes?: PushesRaw | undefined;
  /** What compression came to, where it was offered. */
  readonly deflate?: DeflateRaw | undefined;
  /** TLS handshakes, where sessions were to be resumed. */
  readonly handshakes?: HandshakeCounts | undefined;
  readonly loop: {
    /** How long one iteration of the event loop took: what arrives may be seen this much late. */
    readonly turn: string;
    /** How late timed work (connects, echoes, publications) was begun. */
    readonly lateness: string;
  };
  readonly cpuSeconds: { readonly user: number; readonly system: number };
  readonly rssBytes: number;
}
