/** What the reference server did to one broadcast. */
export interface BroadcastTruth {
  /** The message's first word. */
  readonly seq: number;
  /** Members it was meant for. */
  readonly members: number;
  /** Of these, how many were not sent it. */
  readonly lost: number;
  /** Of these, how many were sent it twice. */
  readonly duplicated: number;
  /** From reading the publisher's message to handing each member's (first) one to the kernel. */
  readonly delaysMicros: readonly number[];
}

/** What became of those who had been members and asked again from where they were before. */
export interface ReturnsTruth {
  /** Let in again. */
  returned: number;
  /** Requests that were answered 503, and that were reset. */
  rejected: number;
  reset: number;
}

/** Totals of what a reference server did so far. */
export interface TotalsTruth {
  /** Connections that became members for the first time. */
  members: number;
  /** Requests to become one that were answered 503, were reset, were never answered. */
  rejected: number;
  reset: number;
  silent: number;
  /** Connections that the kernel refused while nothing listened, as it counted the resets it sent. */
  refused: number;
  /** Members that were reset, sent a close frame, or sent the end of the stream. */
  membersReset: number;
  membersClosed: number;
  membersEnded: number;
  /** Members now. */
  open: number;
  /** Memory that was written to for members, and what was kept of each that came back after a goodbye. */
  touchedBytes: number;
  leakedBytes: number;
  echoesReceived: number;
  echoesDropped: number;
  pingsReceived: number;
  pingsDropped: number;
  /** Members that said goodbye and asked again, and members that a reset of their own took away. */
  goodbyes: number;
  cut: number;
  readonly afterGoodbye: ReturnsTruth;
  readonly afterCut: ReturnsTruth;
  /** Connections that waited to be accepted when the process had stood still because of a cut, by the kernel's count. */
  queuedWhileStill: number;
  /** Memory that was written to after a storm, and how long that took. */
  idleBytes: number;
  idleMicros: number;
}

/** What a reference server did, piece by piece. */
export interface ListsTruth {
  /** From reading an echo's message, or a ping, to handing its answer to the kernel. */
  echoDelaysMicros: number[];
  pongDelaysMicros: number[];
  /** From reading a goodbye to answering it; and from the connection of one that comes back after it to its 101. */
  closeDelaysMicros: number[];
  returnDelaysMicros: number[];
  /** From the first cut of a member at an address to accepting the return of one to it. */
  awayMicros: number[];
  /** How late what was timed was begun: what a busy machine did to this process. */
  lateMicros: number[];
  /** Begin and end of each time the process stood still in the midst of echoes, monotonic microseconds. */
  stalls: (readonly [beganMicros: number, endedMicros: number])[];
  /** When each echo that was read since the process first stood still was answered, from the beginning of that on. */
  answeredSinceStallMicros: number[];
  broadcasts: BroadcastTruth[];
}

/**
 * A line that the reference server prints on standard output of what it really did, by its own monotonic clock. Numbers are totals so far;
 * lists hold what came since the line before.
 */
export type GroundTruth = { readonly event: 'groundTruth' } & TotalsTruth & ListsTruth;

/** A server that has done nothing yet. */
export const nothingDone = (): TotalsTruth => ({
  members: 0,
  rejected: 0,
  reset: 0,
  silent: 0,
  refused: 0,
  membersReset: 0,
  membersClosed: 0,
  membersEnded: 0,
  open: 0,
  touchedBytes: 0,
  leakedBytes: 0,
  echoesReceived: 0,
  echoesDropped: 0,
  pingsReceived: 0,
  pingsDropped: 0,
  goodbyes: 0,
  cut: 0,
  afterGoodbye: { returned: 0, rejected: 0, reset: 0 },
  afterCut: { returned: 0, rejected: 0, reset: 0 },
  queuedWhileStill: 0,
  idleBytes: 0,
  idleMicros: 0,
});

/** The same, piece by piece. */
export const emptyLists = (): ListsTruth => ({
  echoDelaysMicros: [],
  pongDelaysMicros: [],
  closeDelaysMicros: [],
  returnDelaysMicros: [],
  awayMicros: [],
  lateMicros: [],
  stalls: [],
  answeredSinceStallMicros: [],
  broadcasts: [],
});
