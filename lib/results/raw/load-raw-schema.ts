import * as v from 'valibot';
import type { LoadProcessRaw, LoadStatus } from '../../../assets/loadgen/raw.ts';
import { arrivalsRawSchema } from '../phases/broadcast.ts';
import { wholeNumber } from '../phases/common.ts';
import { phaseRawSchema } from '../phases/rooms.ts';
import { deflateSchema } from '../schema/deflate.ts';

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
  broadcastMessages: wholeNumber,
  driving: v.nullable(
    v.object({ place: wholeNumber, of: wholeNumber, kind: v.string(), counts: v.record(v.string(), wholeNumber) }),
  ),
  driveFailure: v.optional(v.string()),
}) satisfies v.GenericSchema<unknown, LoadStatus>;

/** `loadgen-<process>.json`: everything one load process measured. */
export const loadProcessSchema = v.object({
  schema: v.literal(2),
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
    mostOpen: v.optional(wholeNumber),
  }),
  phases: v.array(phaseRawSchema),
  strays: v.array(arrivalsRawSchema),
  addresses: v.optional(
    v.array(v.object({ address: v.string(), opened: wholeNumber, lost: wholeNumber, failures: failureCounts })),
  ),
  serverWords: v.optional(
    v.object({
      failures: v.record(v.string(), v.string()),
      closes: v.array(v.object({ code: wholeNumber, count: wholeNumber, reason: v.string() })),
    }),
  ),
  pushes: v.optional(
    v.object({
      messages: wholeNumber,
      bytes: wholeNumber,
      firstMicros: v.nullable(v.number()),
      lastMicros: v.nullable(v.number()),
      stamped: v.nullable(
        v.object({ latency: v.string(), sharesClock: v.boolean(), unstamped: wholeNumber, ahead: wholeNumber }),
      ),
    }),
  ),
  deflate: v.optional(deflateSchema),
  handshakes: v.optional(v.object({ full: wholeNumber, resumed: wholeNumber })),
  loop: v.object({
    turn: v.string(),
    lateness: v.string(),
  }),
  cpuSeconds: v.object({ user: v.number(), system: v.number() }),
  rssBytes: v.number(),
}) satisfies v.GenericSchema<unknown, LoadProcessRaw>;
