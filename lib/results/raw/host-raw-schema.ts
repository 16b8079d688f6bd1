import * as v from 'valibot';
import type { HostFacts, HostSample, ServerStart } from '../../../assets/host/raw.ts';
import { hostResultSchema } from '../schema/run-result.ts';

/** A counter that samples did not have from the beginning: older raw files are read without it. */
const later = (value: number) => v.optional(v.number(), value);

/** `facts.json` of a host; what this reader does not know is left out. */
export const hostFactsSchema = v.object({
  schema: v.literal(1),
  run: v.optional(v.string()),
  unixMillis: v.number(),
  ...hostResultSchema.entries,
}) satisfies v.GenericSchema<unknown, HostFacts>;

/** One line of `samples.jsonl`. */
export const hostSampleSchema = v.object({
  unixMillis: v.number(),
  monotonicMicros: v.number(),
  cpu: v.object({
    busySeconds: v.number(),
    softirqSeconds: v.number(),
    idleSeconds: v.number(),
    stolenSeconds: v.optional(v.number()),
  }),
  memory: v.object({
    availableBytes: v.number(),
    slabUnreclaimableBytes: v.number(),
    slabReclaimableBytes: v.number(),
    swapUsedBytes: v.number(),
    oomKills: later(0),
  }),
  files: v.optional(v.object({ open: v.number(), most: v.number() }), { open: 0, most: 0 }),
  sockets: v.object({
    tcpInUse: v.number(),
    orphans: v.number(),
    timeWait: v.number(),
    bufferBytes: v.number(),
    listenQueue: v.optional(v.nullable(v.number()), null),
  }),
  network: v.object({
    receivedBytes: v.number(),
    sentBytes: v.number(),
    receivedPackets: v.number(),
    sentPackets: v.number(),
    dropped: v.number(),
    backlogDropped: later(0),
    allowanceExceeded: v.optional(v.nullable(v.record(v.string(), v.number())), null),
  }),
  tcp: v.object({
    listenOverflows: v.number(),
    listenDrops: v.number(),
    retransmittedSegments: v.number(),
    retransmittedSyns: later(0),
    retransmittedInVain: later(0),
    resetsSent: v.number(),
    receiveQueueDrops: later(0),
    memoryPressures: later(0),
    abortedForMemory: later(0),
  }),
  conntrackEntries: v.number(),
  conntrackMost: later(0),
  conntrackDrops: later(0),
  addresses: v.number(),
  units: v.record(
    v.string(),
    v.object({
      pid: v.number(),
      rssBytes: v.number(),
      anonymousBytes: v.number(),
      cpuSeconds: v.number(),
      openFiles: v.optional(v.nullable(v.number()), null),
      openFilesLimit: v.optional(v.nullable(v.number()), null),
      runnableSeconds: v.optional(v.nullable(v.number()), null),
      stopped: v.optional(v.boolean(), false),
    }),
  ),
  samplerSeconds: later(0),
}) satisfies v.GenericSchema<unknown, HostSample>;

/** `server.json` in a run's folder: what Start did. */
export const serverStartSchema = v.object({
  schema: v.literal(1),
  server: v.string(),
  memoryPreset: v.string(),
  flags: v.string(),
  processes: v.array(
    v.object({ unit: v.string(), port: v.number(), pid: v.number(), startMillis: v.number(), version: v.string() }),
  ),
}) satisfies v.GenericSchema<unknown, ServerStart>;
