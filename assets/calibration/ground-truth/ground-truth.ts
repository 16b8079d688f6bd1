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

/**
 * A line that the reference server prints on standard output of what it really did, by its own monotonic clock. Numbers are totals so far;
 * lists hold what came since the line before.
 */
export interface GroundTruth {
  readonly event: 'groundTruth';
  /** Connections that ever were members. */
  readonly members: number;
  /** Requests to become one that were answered 503, were reset, were never answered. */
  readonly rejected: number;
  readonly reset: number;
  readonly silent: number;
  /** Connections that the kernel refused while nothing listened, as it counted the resets it sent. */
  readonly refused: number;
  /** Members that were reset, sent a close frame, or sent the end of the stream. */
  readonly membersReset: number;
  readonly membersClosed: number;
  readonly membersEnded: number;
  /** Memory that was written to for members. */
  readonly touchedBytes: number;
  readonly echoesReceived: number;
  readonly echoesDropped: number;
  /** From reading an echo's message to handing its answer to the kernel. */
  readonly echoDelaysMicros: readonly number[];
  /** How late what was timed was begun: what a busy machine did to this process. */
  readonly lateMicros: readonly number[];
  /** Begin and end of each time the process stood still, monotonic microseconds. */
  readonly stalls: readonly (readonly [beganMicros: number, endedMicros: number])[];
  /** When each echo that was read since the process first stood still was answered, from the beginning of that on. */
  readonly answeredSinceStallMicros: readonly number[];
  readonly broadcasts: readonly BroadcastTruth[];
}
