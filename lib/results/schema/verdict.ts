import * as v from 'valibot';
import { count, flag, text } from './fields.ts';

/** What can stop, slow or spoil a measurement. */
const wallNames = [
  'listenQueue',
  'ports',
  'descriptors',
  'conntrack',
  'memory',
  'swap',
  'serverDied',
  'serverStoodStill',
  'loadProcessDied',
  'serverCpu',
  'loadCpu',
  'machineCpu',
  'generatorBehind',
  'addressesLost',
  'retransmissions',
  'packetsDropped',
  'refused',
  'unreachable',
  'timeouts',
  'serverClosed',
] as const;

/** What can stop, slow or spoil a measurement. */
export type WallName = (typeof wallNames)[number];

const seenEntries = {
  effect: v.pipe(
    v.picklist(['invalidates', 'stopped', 'slowed', 'noted']),
    v.description(
      'invalidates: the figures do not describe the server; stopped: it kept the run from its target; slowed: it cost time; noted: seen, without an effect that can be shown.',
    ),
  ),
  host: v.nullable(text('Host on which it was seen; null when it concerns all.')),
  evidence: text('The figures that show it, for a person.'),
};

/** One wall that was met, with its evidence. */
const wallSchema = v.object({
  wall: v.pipe(v.picklist(wallNames), v.description('Which wall.')),
  ...seenEntries,
});

/** One thing that was not as it should be with how was measured. */
const measurementFaultSchema = v.object({
  fault: v.pipe(v.picklist(['untunedHost', 'samplerCost', 'stolenProcessors']), v.description('Which fault.')),
  ...seenEntries,
});

/** What a measurement is worth: was it valid, did it reach its target, and which walls were met. */
export const verdictSchema = v.object({
  valid: flag('Whether the figures describe the server: false when the lab itself was at fault.'),
  reached: flag('Whether all connections wanted were open at one time.'),
  stoppedAt: v.nullable(count('The most connections open at one time, when the target was not reached; else null.')),
  complete: flag('Whether every raw file was there and whole, and every step of the automation ran.'),
  walls: v.pipe(v.array(wallSchema), v.description('Walls found from evidence, the gravest first.')),
  measurementFaults: v.pipe(
    v.array(measurementFaultSchema),
    v.description('What was wrong with the measuring itself: a host that is not tuned, a sampler that costs too much.'),
  ),
  reasons: v.pipe(
    v.array(v.string()),
    v.description('Sentences for a person: why invalid, not reached or incomplete.'),
  ),
});

/** One wall that was met, with its evidence. */
export type Wall = v.InferOutput<typeof wallSchema>;

/** One thing that was wrong with the measuring, with its evidence. */
export type MeasurementFault = v.InferOutput<typeof measurementFaultSchema>;

/** What a measurement is worth. */
export type Verdict = v.InferOutput<typeof verdictSchema>;
