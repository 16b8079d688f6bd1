/*
 * Every threshold of the verdict, with its reason. They are about what can be shown, not about what is good.
 */

export { generatorPauseFloorMicros, iterationShareInvalid } from '../../../assets/loadgen/measure/why-late.ts';

/** Work that began so late stood still rather than was busy: what arrived meanwhile was seen that late, as in a long iteration. */
export const standStillMicros = 1_000_000;

/** Work that began later than this share of the measured p99 invalidates: work that was late by less cannot alone have made that p99. */
export const delayShareInvalid = 1;

/** Load hosts that are in a phase together for less than this share of its time are noted: hosts begin a phase within a second of each other. */
export const leastOverlap = 0.8;

/** A confidence interval of a slope that reaches further than this share of it to each side is noted: differences of that size are common between servers. */
export const wideSlopeShare = 0.1;

/** Where the measured p50 is above this share of the generator's greatest scheduling delay, the generator was late all along and not once. */
export const sustainedDelayShare = 0.2;

/** Work begun late that is no more than this share of what a phase measured is too rare to move its p99, which one in a hundred exceeds. */
export const rareLateShare = 0.001;

/** A sustained scheduling delay above this share of the measured p99 invalidates: it is a good part of the latencies. */
export const sustainedDelayInvalid = 0.5;

/** The sampler may use so much of a processor; above it is noted, since it takes that from what is measured. */
export const samplerShareMost = 0.01;

/** The hypervisor may keep so much of the processors' time: it comes in pieces of milliseconds, of which a p99 sees none as long as they are rarer than 1 in 100. */
export const stolenShareMost = 0.01;

/** A thread that gets less of a processor than this is starved by other programs: nothing shows that its own work was the limit. */
export const leastOwnShare = 0.3;

/** A server (or load generator) that uses this share of a saturated machine is what saturates it. */
export const ownShareOfMachine = 0.6;

/** Above this share of a percentile, the generator's own loop iteration and scheduling delay at that percentile are noted beside it: they may have moved it visibly. */
export const generatorShareSuspect = 0.25;

/** Above this share of a broadcast's p50, publishing late invalidates: the delay is inside every latency of that broadcast. */
export const publishedLateShareInvalid = 0.25;

/** Fewer numbers of connections than this make a slope of memory thin: one step of a heap then decides it. */
export const thinSlopeLevels = 5;

/** A machine or process this busy has no processor left: the rest is rounding of once-a-second samples. */
export const saturatedShare = 0.95;

/** So many samples in a row must be saturated: one or two may be a moment of garbage collection or compilation. */
export const saturatedSamples = 3;

/** Listen overflows and drops below this share of attempts cost a retry here and there, not a ramp. */
export const listenDropShare = 0.001;

/** A table of connection tracking this full drops what is new: entries come and go between two samples. */
export const conntrackFullShare = 0.95;

/** A process with no more than so many descriptors left has none for a connection: runtimes keep one in reserve to accept and close with. */
export const descriptorsLeft = 2;

/** A machine that has this share of fs.file-max open has none left: the kernel keeps its count a processor, so that it is not exact. */
export const filesFullShare = 0.99;

/** Connection tracking counts as on the load's path when it has this share of the connections as entries. */
export const conntrackShare = 0.1;

/** Less memory available than this share of the machine, and the kernel reclaims instead of working. */
export const leastAvailableShare = 0.02;

/** A server that is stopped in so many samples in a row stood still: its users waited for seconds. */
export const standStillSamples = 3;

/** Echoes that never came back, above this share of those sent, are no loss here and there: the server did not serve. */
export const unansweredShare = 0.01;

/** Swap that grows by less than this is old pages of idle programs, not the servers'. */
export const swapGrowthBytes = 64 * 1024 * 1024;

/**
 * Each connection that a full listen queue drops makes its two ends send something again: the client its SYN or its first data, the server
 * its answer to the SYN. Retransmissions up to so many a drop are the queue's, not the network's.
 */
export const retransmissionsPerListenDrop = 2;

/** Retransmitted segments above this share of packets sent: a healthy path inside a placement group or a machine loses far fewer. */
export const retransmittedShare = 0.001;

/** Fewer retransmissions than this are never a wall: a lone SYN after a full queue is counted elsewhere. */
export const retransmittedFloor = 100;

/** Fewer packets than this dropped at interfaces are nothing that a measurement would feel. */
export const droppedFloor = 10;

/** Packets dropped at interfaces above this share of packets received. */
export const droppedShare = 0.0001;

/** More than this share of the connections lost makes a measurement incomplete: what came after was not measured on those that were requested. */
export const lostShareIncomplete = 0.01;
