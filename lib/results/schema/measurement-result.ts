import * as v from 'valibot';
import { phaseResultSchema } from '../phases/rooms.ts';
import { answersSchema } from './answers.ts';
import { deflateSchema } from './deflate.ts';
import { amount, count, countsByCause, flag, real, text } from './fields.ts';
import { latencySchema } from './latency.ts';
import { measurementRecordSchema } from './measurement-record.ts';
import { knownDeviationSchema } from './run-record.ts';
import { verdictSchema } from './verdict.ts';

/** Bytes a connection as the slope of a least-squares line of memory over open connections. */
export const memorySlopeSchema = v.object({
  bytesPerConnection: real('Slope of the least-squares line of memory over open connections, bytes.'),
  lowBytesPerConnection: real(
    'Lower end of the 95 % confidence interval of the slope, for samples that each follow the one before.',
  ),
  highBytesPerConnection: real('Upper end of the 95 % confidence interval of the slope.'),
  interceptBytes: real('What the line has at no connection, bytes.'),
  samples: count('Samples that the line was fitted to.'),
  levels: count('Different numbers of connections among them.'),
});

/** A note about a figure that should be read with care. */
const trustNoteSchema = v.object({
  figure: text('The figure, by its path in this object, such as echo.latency.p99Micros or memory.server.'),
  note: text('Why it should be read with care.'),
});

/** One server measured once. */
export const measurementResultSchema = v.object({
  measurement: text('Name of the folder of its raw files.'),
  server: text('Name of the server.'),
  title: text('Its name in tables and charts.'),
  repeat: count('Which of the repeats, from 1.'),
  version: v.nullable(text('Version that the server printed when it listened.')),
  language: v.nullable(text('Language that the server is written in.')),
  role: v.optional(
    v.nullable(text("'floor': not a contestant but the baseline that others are compared with; else null.")),
    null,
  ),
  framework: v.nullable(text('Library or framework, with its version.')),
  memoryPreset: v.nullable(text('Preset of the flags.')),
  flags: v.nullable(text('Flags the server was started with.')),
  serverProcesses: v.nullable(count('Processes of the server; null where they are not known.')),
  loadProcesses: count('Load processes that left a raw file, all hosts.'),
  knownDeviations: v.pipe(
    v.array(knownDeviationSchema),
    v.description('Promises that its framework is known to break.'),
  ),
  record: measurementRecordSchema,
  verdict: verdictSchema,
  trust: v.pipe(v.array(trustNoteSchema), v.description('Figures that should be read with care, and why.')),
  missing: v.pipe(v.array(v.string()), v.description('What was not there or cut short; empty when complete.')),
  connections: v.object({
    wanted: count('Connections to be opened.'),
    established: count('Handshakes finished, ever.'),
    peak: count(
      'The most open at one time: the sum over load hosts, by their once-a-second counts, or the most of one load process.',
    ),
    open: count('Still open when collected.'),
    attempts: count('Attempts begun, retries included.'),
    abandoned: count('Given up for good.'),
    connectFailures: countsByCause('Attempts that failed, by cause; they may have succeeded when retried.'),
    lost: countsByCause('Established connections lost, by cause.'),
  }),
  answers: v.pipe(answersSchema, v.description('What the server answered, and what it sent unasked.')),
  ramp: v.object({
    seconds: v.nullable(amount('From the first attempt to the last connection opened or given up; the slowest host.')),
    connectionsPerSecond: v.nullable(amount('Connections established over the length of the ramp.')),
    connectLatency: v.pipe(
      v.nullable(latencySchema),
      v.description('From connect() to the 101 response, all load hosts.'),
    ),
    startMillis: v.nullable(amount('From the start of the server to listening; the slowest process, milliseconds.')),
  }),
  memory: v.object({
    server: v.pipe(
      v.nullable(memorySlopeSchema),
      v.description('Memory of the server processes alone (RssAnon, summed).'),
    ),
    kernel: v.pipe(
      v.nullable(memorySlopeSchema),
      v.description("Unreclaimable slab and socket buffers of the server's machine, which are machine-wide."),
    ),
    kernelHoldsBothEnds: flag(
      'True when clients and server share one machine: then the kernel figure is of a pair of sockets.',
    ),
    serverPeakBytes: v.nullable(amount('The most that the server processes had (RssAnon, summed), bytes.')),
    kernelPeakBytes: v.nullable(amount('The most of unreclaimable slab and socket buffers, bytes.')),
    leastAvailableBytes: v.nullable(amount("The least memory available on the server's machine, bytes.")),
    loadBytes: v.nullable(amount('Resident memory of all load processes when collected, bytes.')),
  }),
  cpu: v.object({
    serverRampSeconds: v.nullable(amount('Processor time of the server processes during the ramp.')),
    serverTotalSeconds: v.nullable(
      amount('Processor time of the server processes from their start to the last sample.'),
    ),
    loadRampSeconds: v.nullable(amount('Processor time of the load generator during the ramp, all hosts.')),
    loadTotalSeconds: v.nullable(amount('Processor time of all load processes from their start until collected.')),
    samplerShare: v.nullable(
      amount('Share of one processor that sampling took on the host where it took most; null for a short measurement.'),
    ),
  }),
  phases: v.pipe(v.array(phaseResultSchema), v.description('The phases of the workload, in order.')),
  generator: v.object({
    turn: v.pipe(v.nullable(latencySchema), v.description('Length of one iteration of the event loop.')),
    lateness: v.pipe(v.nullable(latencySchema), v.description('Scheduling delay: how late timed work was begun.')),
    maxTurnWhileDrivingMicros: v.nullable(
      amount('The longest loop iteration in any phase: arrivals were seen this much late. Null where nothing arrived.'),
    ),
    maxLatenessWhileDrivingMicros: v.nullable(amount('The greatest scheduling delay in any phase.')),
  }),
  deflate: v.pipe(
    v.optional(v.nullable(deflateSchema), null),
    v.description('What compression came to, all load processes; null where it was not offered.'),
  ),
  series: v.pipe(
    v.object({
      connections: v.array(v.tuple([real('Seconds since the ramp began.'), count('Connections open.')])),
      serverMemory: v.array(v.tuple([count('Sockets on the server host.'), amount('RssAnon of the server, bytes.')])),
      kernelMemory: v.array(v.tuple([count('Sockets on the server host.'), amount('Slab and socket buffers, bytes.')])),
      serverCpu: v.array(v.tuple([real('Seconds since the ramp began.'), amount('Processors the server used.')])),
    }),
    v.description('Series for charts, at most 1000 points each.'),
  ),
});

/** One server measured once. */
export type MeasurementResult = v.InferOutput<typeof measurementResultSchema>;

/** Bytes a connection as a slope. */
export type MemorySlope = v.InferOutput<typeof memorySlopeSchema>;

/** A note about a figure that should be read with care. */
export type TrustNote = v.InferOutput<typeof trustNoteSchema>;
