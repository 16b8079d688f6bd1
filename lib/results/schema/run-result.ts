import * as v from 'valibot';
import { amount, count, flag, text } from './fields.ts';
import { measurementResultSchema } from './measurement-result.ts';
import { calibrationSchema, conformanceRecordSchema, runParametersSchema, runRecordSchema } from './run-record.ts';

/** A figure over the repeats of one server: repeats that are invalid or incomplete are left out while others remain. */
const repeatedSchema = v.object({
  median: amount('Median over the repeats.'),
  low: amount('Smallest of the repeats.'),
  high: amount('Greatest of the repeats.'),
  repeats: count('Repeats that have the figure.'),
});

/** The figures that servers are compared by, by their names; those of a phase begin with the phase's name. */
const comparedFiguresSchema = v.pipe(
  v.record(v.string(), v.nullable(repeatedSchema)),
  v.description('Figures by name, of a phase such as echo.p99Micros; null where not measured.'),
);

/** One server over its repeats. */
const serverSummarySchema = v.object({
  server: text('Name of the server.'),
  title: text('Its name in tables and charts.'),
  measured: count('Repeats that were measured.'),
  valid: count('Repeats whose verdict is valid and complete.'),
  reached: count('Repeats that reached the target.'),
  compared: v.pipe(v.array(v.string()), v.description('Measurements that the figures are taken from.')),
  figures: comparedFiguresSchema,
  conformance: v.optional(
    v.pipe(v.nullable(conformanceRecordSchema), v.description('How it treats odd and illegal input; null: not known.')),
    null,
  ),
});

/** A host as it was when its run was prepared. */
export const hostResultSchema = v.object({
  host: text('Name of the host.'),
  role: v.picklist(['server', 'load']),
  kernel: v.string(),
  osRelease: v.string(),
  cpuModel: v.string(),
  cpus: count('Processors.'),
  memoryBytes: amount('Memory of the machine, bytes.'),
  openFilesLimit: amount('Open files that one process of the lab may have.'),
  fileMax: amount('fs.file-max: open files of the machine.'),
  addresses: v.array(v.string()),
  sysctls: v.array(
    v.object({
      key: v.string(),
      operator: v.picklist(['set', 'atleast']),
      wanted: v.string(),
      actual: v.nullable(v.string()),
      ok: v.boolean(),
    }),
  ),
  warnings: v.array(v.string()),
  versions: v.record(v.string(), v.string()),
  clockSource: v.optional(
    v.nullable(text('What the kernel reads time from, such as tsc or xen; null: not known.')),
    null,
  ),
  instance: v.optional(
    v.nullable(
      v.object({
        id: text('Id of the EC2 instance.'),
        image: text('Id of the image that it was launched from.'),
        type: text('Its type.'),
        zone: text('Its availability zone, by name.'),
      }),
    ),
    null,
  ),
});

/** A row from the literature, for reference: different hardware and method. */
const referenceSchema = v.object({
  name: v.string(),
  source: v.string(),
  connections: count('Connections held.'),
  serverMemoryBytes: amount('Memory in use on the server, bytes.'),
  broadcastSeconds: amount('Time to send one broadcast to all, seconds.'),
  caveats: v.pipe(v.array(v.string()), v.description('Why its figures must not be set beside measured ones.')),
});

/** `result.json`: everything that a run found, made from its raw files alone. */
export const runResultSchema = v.pipe(
  v.object({
    $schema: v.optional(v.string()),
    schema: v.literal(3),
    runId: text('Name of the run.'),
    beganUnixMillis: count('When the run was started.'),
    endedUnixMillis: v.nullable(count('When the run was over; null when it was cut off.')),
    where: runRecordSchema.entries.where,
    hostsShareOneMachine: runRecordSchema.entries.hostsShareOneMachine,
    gitCommit: runRecordSchema.entries.gitCommit,
    versions: runRecordSchema.entries.versions,
    target: runRecordSchema.entries.target,
    lab: runRecordSchema.entries.lab,
    parameters: runParametersSchema,
    calibration: v.nullable(calibrationSchema),
    hosts: v.pipe(v.array(hostResultSchema), v.description('The hosts as they were before the first measurement.')),
    complete: flag('Whether every measurement is complete and no server that was asked for is missing.'),
    missing: v.pipe(v.array(v.string()), v.description('What is missing, measurement by measurement.')),
    skipped: v.array(v.object({ server: text('Server that was not measured.'), reason: text('Why.') })),
    servers: v.pipe(
      v.array(serverSummarySchema),
      v.description('Each server over its repeats, in the order measured.'),
    ),
    measurements: v.pipe(v.array(measurementResultSchema), v.description('Each server each time.')),
    references: v.pipe(
      v.array(referenceSchema),
      v.description('Rows from the literature, kept apart from what was measured here.'),
    ),
  }),
  v.title('C1mLab run result'),
  v.description('What a run of the lab found, merged from its raw files. Units are in the names.'),
);

/** Everything that a run found. */
export type RunResult = v.InferOutput<typeof runResultSchema>;

/** One server over its repeats. */
export type ServerSummary = v.InferOutput<typeof serverSummarySchema>;

/** A figure over the repeats of one server. */
export type Repeated = v.InferOutput<typeof repeatedSchema>;

/** A row from the literature. */
export type Reference = v.InferOutput<typeof referenceSchema>;

/** A host as it was when its run was prepared. */
export type HostResult = v.InferOutput<typeof hostResultSchema>;
