import * as v from 'valibot';
import { LabError } from './lab-error.ts';

const ipv4Prefix = v.pipe(
  v.string(),
  v.regex(
    /^10\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/,
    (issue) => `must be the first two numbers of a 10.0.0.0/8 network, such as 10.42, got ${issue.received}`,
  ),
);

const instanceType = v.pipe(
  v.string(),
  v.regex(
    /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/,
    (issue) => `must be an EC2 instance type such as c8i.4xlarge, got ${issue.received}`,
  ),
);

function wholeNumber(minimum: number, maximum: number) {
  const message = (issue: v.BaseIssue<unknown>): string => `must be ${minimum} to ${maximum}, got ${issue.received}`;
  return v.pipe(
    v.number(message),
    v.integer((issue) => `must be a whole number from ${minimum} to ${maximum}, got ${issue.received}`),
    v.minValue(minimum, message),
    v.maxValue(maximum, message),
  );
}

function identifier(kind: string, pattern: RegExp) {
  return v.pipe(
    v.string(),
    v.regex(pattern, (issue) => `must be ${kind}, got ${issue.received}`),
  );
}

/**
 * The configuration of a lab: the one description that the CDK stack and the local lab are both built from.
 * Every field has a default, so `{}` is the article's lab.
 */
export const labSchema = v.strictObject({
  /** The stack's name; documents are called `<name>-Build` and so on. Letters, digits and hyphens, as CloudFormation has it. */
  name: v.optional(identifier('letters, digits and hyphens, a letter first', /^[A-Za-z][A-Za-z0-9-]{0,63}$/), 'C1mLab'),
  /** Who answers for the lab: the value of the `c1mlab:owner` tag. */
  owner: v.optional(
    identifier('1 to 100 letters, digits, spaces or any of . _ @ : / + = -', /^[A-Za-z0-9 ._@:/+=-]{1,100}$/),
    'unknown',
  ),
  /** How many connections the lab is sized for; a run may ask for fewer. */
  connections: v.optional(wholeNumber(1, 100_000_000), 1_200_000),
  server: v.optional(v.strictObject({ instanceType: v.optional(instanceType, 'c3.4xlarge') }), {}),
  load: v.optional(
    v.strictObject({
      instanceType: v.optional(instanceType, 'c3.2xlarge'),
      hosts: v.optional(wholeNumber(1, 50), 2),
      /** Private addresses of a load host beside its primary one; each gives about 60 000 connections to one server port. */
      secondaryAddresses: v.optional(wholeNumber(0, 49), 10),
    }),
    {},
  ),
  network: v.optional(
    v.strictObject({
      /** First two numbers of the lab's /16: x.y.0.0/20 is for management, x.y.16.0/20 carries the load. */
      prefix: v.optional(ipv4Prefix, '10.42'),
      /** The first port a server listens on; further server processes take the next ones. */
      port: v.optional(wholeNumber(1024, 60000), 8088),
      /** The zone that every host is in, by name, such as us-east-1a. Default: the region's first. */
      availabilityZone: v.optional(
        identifier('the name of an availability zone, such as us-east-1a', /^[a-z]{2}(-[a-z0-9]+)+-\d[a-z]$/),
      ),
      /** Whether the hosts share a cluster placement group: near each other, but EC2 may not have room for all of them. */
      clusterPlacement: v.optional(v.boolean(), true),
      /**
       * How hosts reach SSM, S3 and package registries. `public`: each has a public address. `nat`: none has one, a NAT gateway
       * has. `endpoints`: SSM and S3 by VPC endpoints, and nothing else: hosts need an image that holds the builds.
       */
      egress: v.optional(v.picklist(['public', 'nat', 'endpoints']), 'public'),
      /**
       * An existing VPC. The lab makes only its load subnet (x.y.16.0/20, which must be free in it) and uses the given subnet,
       * which must be in `availabilityZone`, for management. What `egress` needs must be there.
       */
      existing: v.optional(
        v.strictObject({
          vpcId: identifier('a VPC id such as vpc-0123456789abcdef0', /^vpc-[0-9a-f]{8,17}$/),
          managementSubnetId: identifier('a subnet id such as subnet-0123456789abcdef0', /^subnet-[0-9a-f]{8,17}$/),
          /** The route table of that subnet: with it, `egress: endpoints` makes the endpoints; without, they must be there. */
          routeTableId: v.optional(
            identifier('a route table id such as rtb-0123456789abcdef0', /^rtb-[0-9a-f]{8,17}$/),
          ),
        }),
      ),
    }),
    {},
  ),
  hosts: v.optional(
    v.strictObject({
      /** The kernel of Amazon Linux 2023. Default: 6.1 on Xen types (newer ones are unproven there), else 6.18. */
      kernel: v.optional(v.picklist(['6.1', '6.12', '6.18'])),
      /** An image for all hosts, of Amazon Linux 2023. Default: the newest of AWS with `kernel`, at the launch of each host. */
      image: v.optional(identifier('the id of an image such as ami-0123456789abcdef0', /^ami-[0-9a-f]{8,17}$/)),
      /** Size of each host's encrypted gp3 disk in GiB. */
      diskGiB: v.optional(wholeNumber(8, 1000), 30),
      /** Raise it to replace all hosts, for instance after their lifetime has ended. */
      generation: v.optional(wholeNumber(1, 1_000_000), 1),
      /** `spot`: cheaper, and EC2 may take a host back at two minutes' notice. */
      purchase: v.optional(v.picklist(['on-demand', 'spot']), 'on-demand'),
    }),
    {},
  ),
  lifetime: v.optional(
    v.strictObject({
      /** A host terminates itself this many hours after its start, or after the start of its last run. */
      hours: v.optional(wholeNumber(1, 48), 4),
      /** What outlives this many hours since its start is terminated from outside, whatever it is doing. */
      maximumHours: v.optional(wholeNumber(1, 168), 24),
    }),
    {},
  ),
  results: v.optional(
    v.strictObject({
      keepDays: v.optional(wholeNumber(1, 3650), 30),
      /** Whether the bucket, with what it holds, outlives the stack. */
      keep: v.optional(v.boolean(), false),
    }),
    {},
  ),
  /** Starts a benchmark by itself, on the hosts that are there: one that finds none fails at once. */
  schedule: v.optional(
    v.strictObject({
      /** When, in the words of EventBridge Scheduler: `rate(6 hours)`, `cron(0 3 ? * SUN *)`, `at(2030-01-31T03:00:00)`. */
      expression: identifier(
        'an expression of EventBridge Scheduler, such as rate(6 hours) or cron(0 3 ? * SUN *)',
        /^(rate\([1-9]\d{0,5} (minute|hour|day)s?\)|cron\([A-Za-z0-9*?,/#LW -]{11,120}\)|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\))$/,
      ),
      /** The time zone of the expression, such as Europe/Berlin. */
      timezone: v.optional(
        identifier('the name of a time zone, such as Europe/Berlin', /^[A-Za-z0-9_+/-]{1,50}$/),
        'UTC',
      ),
      /** The server that is measured. */
      server: v.optional(identifier('the name of a server such as netty', /^[a-z][a-z0-9-]{0,62}$/), 'netty'),
      /** What happens on the connections: a preset, or phases in their text form. Default: the Benchmark document's. */
      workload: v.optional(v.pipe(v.string(), v.maxLength(512))),
      /** Further parameters of the Benchmark document, by name: `{ "Connections": "500000" }`. */
      parameters: v.optional(v.record(v.string(), v.string()), {}),
    }),
  ),
  /** Who hears that a run has ended and that a host has ended itself: an e-mail address, or the ARN of an SNS topic. */
  notify: v.optional(
    identifier(
      'an e-mail address or the ARN of an SNS topic',
      /^([A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}|arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256})$/,
    ),
  ),
  /** A budget on what carries the lab's tag. `notify` hears when it is nearly spent. */
  budget: v.optional(v.strictObject({ monthlyUsd: wholeNumber(1, 1_000_000) })),
});

/** A lab file as a person writes it: any part of {@link labSchema}. */
export type LabInput = v.InferInput<typeof labSchema>;

/** A complete lab configuration: what {@link labSchema} makes of a lab file. */
export type Lab = v.InferOutput<typeof labSchema>;

/**
 * Reads a lab configuration and fills in the defaults. Throws a {@link LabError} that names every bad setting with the
 * value received; `origin` says where the configuration comes from.
 */
export function parseLab(input: unknown, origin: string): Lab {
  const parsed = v.safeParse(labSchema, input);
  if (parsed.success) return parsed.output;
  throw new LabError(
    'usage',
    `${origin}: ${parsed.issues.map(describeIssue).join('; ')}`,
    'correct the lab file; lib/config/lab.ts describes every setting',
  );
}

/** The article's lab: one c3.4xlarge server, two c3.2xlarge load hosts with 10 secondary addresses each. */
export const articleLab: Lab = v.parse(labSchema, {});

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? 'the lab';
  if (issue.type === 'strict_object') {
    if (issue.expected === 'never')
      return `'${path}' is not a setting of the lab, but ${settingsBeside(issue).join(', ')} are`;
    return issue.received === 'undefined'
      ? `'${path}' must be given`
      : `'${path}' must be an object of settings, got ${issue.received}`;
  }
  const ours = issue.message.startsWith('must ');
  return `'${path}' ${ours ? issue.message : `must be ${issue.expected ?? 'different'}, got ${issue.received}`}`;
}

/** The settings that there are where the issue found one that there is not. */
function settingsBeside(issue: v.BaseIssue<unknown>): readonly string[] {
  const above = (issue.path ?? []).slice(0, -1).map(({ key }) => String(key));
  let schema: unknown = labSchema;
  for (const key of above) schema = unwrapped(entriesOf(schema)[key]);
  return Object.keys(entriesOf(schema)).map((key) => [...above, key].join('.'));
}

function entriesOf(schema: unknown): Readonly<Record<string, unknown>> {
  return (schema as { readonly entries?: Readonly<Record<string, unknown>> }).entries ?? {};
}

function unwrapped(schema: unknown): unknown {
  return (schema as { readonly wrapped?: unknown }).wrapped ?? schema;
}
