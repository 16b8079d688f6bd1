import * as v from 'valibot';
import type { LoadProcessRaw, LoadStatus } from '../../../assets/loadgen/raw.ts';

const wholeNumber = v.pipe(v.number(), v.integer(), v.minValue(0));
const failureCounts = v.record(v.string(), wholeNumber);

const loadCounts = v.object({
  wanted: wholeNumber,
  open: wholeNumber,
  established: wholeNumber,
  attempts: wholeNumber,
  connectFailures: failureCounts,
  abandoned: wholeNumber,
  lost: failureCounts,
});

/** `loadgen-status.json`: the last state of a load host. */
export const loadStatusSchema = v.object({
  unixMillis: v.number(),
  phase: v.picklist(['starting', 'ramping', 'holding', 'driving', 'failed']),
  reason: v.optional(v.string()),
  counts: loadCounts,
  connectionsPerSecond: v.number(),
  processes: wholeNumber,
  broadcastsPublished: wholeNumber,
  broadcastMessagesReceived: wholeNumber,
  echoesReceived: wholeNumber,
}) satisfies v.GenericSchema<unknown, LoadStatus>;

/** `loadgen-<process>.json`: everything one load process measured. */
export const loadProcessSchema = v.object({
  schema: v.literal(1),
  run: v.optional(v.string()),
  host: v.string(),
  process: wholeNumber,
  pid: wholeNumber,
  counts: loadCounts,
  ramp: v.object({
    beganMicros: v.number(),
    endedMicros: v.nullable(v.number()),
    connectLatency: v.string(),
    openOverTime: v.array(v.tuple([v.number(), wholeNumber])),
  }),
  broadcasts: v.array(
    v.object({
      seq: wholeNumber,
      members: wholeNumber,
      received: wholeNumber,
      duplicates: wholeNumber,
      outOfOrder: wholeNumber,
      firstArrivalMicros: v.nullable(v.number()),
      lastArrivalMicros: v.nullable(v.number()),
      latency: v.nullable(v.string()),
    }),
  ),
  publications: v.array(
    v.object({
      seq: wholeNumber,
      port: wholeNumber,
      dueMicros: v.number(),
      sentMicros: v.number(),
      answer: v.nullable(v.object({ members: wholeNumber, failed: wholeNumber, elapsedMicros: v.number() })),
    }),
  ),
  echo: v.object({ sent: wholeNumber, received: wholeNumber, wrong: wholeNumber, roundTrip: v.string() }),
  loop: v.object({
    turn: v.string(),
    lateness: v.string(),
    maxTurnWhileDrivingMicros: v.number(),
    maxLatenessWhileDrivingMicros: v.number(),
  }),
  cpuSeconds: v.object({ user: v.number(), system: v.number() }),
  rssBytes: v.number(),
}) satisfies v.GenericSchema<unknown, LoadProcessRaw>;
