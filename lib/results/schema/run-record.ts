import * as v from 'valibot';
import { amount, count, flag, text } from './fields.ts';
import { workloadSchema } from './workload-schema.ts';

/** What was asked of every measurement of a run. */
export const runParametersSchema = v.pipe(
  v.object({
    servers: v.pipe(v.array(v.string()), v.description('Servers asked for, in the order in which they were measured.')),
    connections: count('Connections wanted, of all load hosts together.'),
    workload: workloadSchema,
    connectRate: amount('Connections to open a second, of all load hosts together.'),
    serverProcesses: v.nullable(
      count('Processes of the server, each with a port of its own; null: a server at a URL has its own.'),
    ),
    loadProcesses: count('Load processes on each load host.'),
    memoryPreset: v.nullable(
      text(
        'Which of the flags in server.json were used: article, modern or small; null: a server at a URL has its own.',
      ),
    ),
    tls: v.optional(flag('Whether connections were secured with TLS.'), false),
    deflate: v.optional(flag('Whether permessage-deflate was offered.'), false),
    repeats: count('How many times each server was to be measured.'),
  }),
  v.description('What was asked of every measurement of the run.'),
);

/**
 * The lab configuration as it is kept with a run: what a result needs of it is named, the rest is kept as it is, so that runs of an
 * earlier version of the lab stay readable.
 */
const labRecordSchema = v.pipe(
  v.looseObject({
    name: text("The lab's name."),
    load: v.looseObject({
      hosts: count('Load hosts, named load-1, load-2, …'),
      secondaryAddresses: count('Addresses of a load host beside its primary one.'),
    }),
  }),
  v.description('The lab configuration that hosts and documents were made from.'),
);

/** A case of the servers' contract that a server fails by its own nature, as its `server.json` lists it. */
export const knownDeviationSchema = v.object({
  case: text("Name of the case in the contract's suite."),
  why: text('Why the framework cannot keep it.'),
});

/** How a server treats odd and illegal input, as its `conformance.json` keeps it. */
export const conformanceRecordSchema = v.object({
  framework: text('Name and version of what was observed.'),
  holds: count('Cases in which it does what the standard asks for.'),
  differs: v.pipe(
    v.array(
      v.object({
        what: text('What the client does.'),
        section: text('Where the standard speaks of it.'),
        asks: text('What it asks for.'),
        observed: v.pipe(
          v.array(v.string()),
          v.description('What the server did: several things when not always one.'),
        ),
      }),
    ),
    v.description('The other cases.'),
  ),
});

/** How a server treats odd and illegal input. */
export type ConformanceRecord = v.InferOutput<typeof conformanceRecordSchema>;

/** What is known of a server from its `server.json` when the run is planned. */
const serverDescriptionSchema = v.object({
  name: text('Name of the entry: the folder under assets/servers.'),
  title: v.optional(v.nullable(text('Its name in tables and charts.')), null),
  language: v.optional(v.nullable(text('Language that the server is written in.')), null),
  role: v.optional(
    v.nullable(text("'floor': not a contestant but the baseline that others are compared with; else null.")),
    null,
  ),
  framework: v.optional(v.nullable(text('Library or framework it is written with, with its version.')), null),
  knownDeviations: v.optional(v.array(knownDeviationSchema), []),
  conformance: v.optional(v.nullable(conformanceRecordSchema), null),
  folder: v.optional(v.nullable(text('Where its folder lies when it did not come with the lab; else null.')), null),
});

/** A server that listens elsewhere, and how connections to it were made. Neither credentials nor anything that may hold one is kept. */
const urlTargetSchema = v.pipe(
  v.object({
    url: text('Its URL, without user and password, and with "..." for each value in its query.'),
    addresses: v.pipe(v.array(v.string()), v.description('The addresses that it was reached at.')),
    options: v.pipe(
      v.array(v.string()),
      v.description('Options that connections were made with: of headers, files and messages the names alone.'),
    ),
    sources: v.pipe(v.array(v.string()), v.description('Source addresses asked for; empty: any.')),
    localPorts: v.nullable(text('Local ports asked for, FIRST-LAST; null: any.')),
  }),
  v.description('The server of a run against a URL, and how connections to it were made; null for servers of a lab.'),
);

/** What going on with an interrupted run needs to know beside the parameters. */
const resumptionSchema = v.pipe(
  v.object({
    schedule: v.pipe(
      v.array(
        v.object({
          server: text('Server to measure.'),
          repeat: v.pipe(v.number(), v.integer(), v.minValue(1), v.description('Which of its repeats, from 1.')),
          measurement: text('Name of the folder under raw/.'),
        }),
      ),
      v.description('Every measurement of the run, in the order in which they are made.'),
    ),
    connectRate: v.nullable(count('Connections a second as asked for; null: planned.')),
    memoryPreset: v.nullable(v.picklist(['article', 'modern', 'small'])),
    serverProcesses: v.nullable(count('Server processes as asked for; null: planned for each server.')),
    loadProcesses: v.nullable(count('Load processes a host as asked for; null: planned for each server.')),
  }),
  v.description('What going on with the run after an interruption needs to know.'),
);

/** The last check of the load generator against servers of known behaviour. */
export const calibrationSchema = v.pipe(
  v.object({
    unixMillis: count('When it was made.'),
    outcome: v.pipe(
      v.picklist(['passed', 'failed', 'invalid']),
      v.description(
        'passed: every claim was met within its tolerance (1 % or 1 ms, 5 % for growth over time, counts exactly); failed: one was not; invalid: the machine was too busy to tell, or it was cut short.',
      ),
    ),
    passed: flag('Whether the outcome is passed.'),
    size: text('How much was compared: small or full.'),
    worstErrorPercent: amount(
      'The greatest error, in percent of the known truth; times of which 1 % is less than 1 ms left out.',
    ),
    worstErrorMicros: amount('The greatest error of all claims about time, in microseconds.'),
    summary: text('One sentence for a person.'),
    gitCommit: v.nullable(text('Commit that it was made with, as that of a run.')),
    machine: text('Processors and kernel that it was made on.'),
  }),
  v.description('The last calibration of the load generator on this machine before the run.'),
);

/** The last check of the load generator against servers of known behaviour. */
export type Calibration = v.InferOutput<typeof calibrationSchema>;

/** `run.json`: what was asked, and with what. Written when a run is planned; `ended…` when it is over. */
export const runRecordSchema = v.object({
  schema: v.literal(2),
  runId: text('Name of the run and of its folder.'),
  beganUnixMillis: count('When the run was started.'),
  endedUnixMillis: v.optional(
    v.nullable(count('When the run was over; null while it runs or when it was cut off.')),
    null,
  ),
  where: v.pipe(
    v.picklist(['local', 'aws', 'url']),
    v.description(
      'Hosts on one machine, or on EC2; url: a server that listens elsewhere, and this machine as load host.',
    ),
  ),
  region: v.optional(v.nullable(text('AWS region of the hosts; null where they are on one machine.')), null),
  hostsShareOneMachine: flag(
    'True when server and load hosts share one kernel: then machine-wide figures hold both ends of every connection.',
  ),
  target: v.optional(v.nullable(urlTargetSchema), null),
  lab: labRecordSchema,
  parameters: runParametersSchema,
  servers: v.optional(v.array(serverDescriptionSchema), []),
  skipped: v.optional(
    v.pipe(
      v.array(v.object({ server: text('Server that was not measured.'), reason: text('Why.') })),
      v.description('Servers that were asked for and could not be measured at all.'),
    ),
    [],
  ),
  resumption: v.optional(v.nullable(resumptionSchema), null),
  gitCommit: v.nullable(text('Commit of this repository, with -dirty when files differed; null outside a clone.')),
  versions: v.pipe(
    v.record(v.string(), v.string()),
    v.description("Versions of the tools on the operator's machine: c1mlab, node, …"),
  ),
  calibration: v.optional(v.nullable(calibrationSchema), null),
});

/** What a run was asked to do and with what: the contents of `DIR/<run-id>/run.json`. */
export type RunRecord = v.InferOutput<typeof runRecordSchema>;

/** {@link RunRecord} as one may write it: fields with a default may be left out. */
export type RunRecordInput = v.InferInput<typeof runRecordSchema>;

/** What was asked of every measurement of a run. */
export type RunParameters = v.InferOutput<typeof runParametersSchema>;
