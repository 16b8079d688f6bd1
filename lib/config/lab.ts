import * as v from 'valibot';

const ipv4Prefix = v.pipe(
  v.string(),
  v.regex(/^10\.\d{1,3}$/, 'must be the first two numbers of a 10.0.0.0/8 network'),
);

/**
 * The configuration of a lab: the one description that the CDK stack and the local lab are both built from.
 * Every field has a default, so `{}` is the article's lab.
 */
export const labSchema = v.strictObject({
  /** The stack's name; documents are called `<name>-Build` and so on. Letters, digits and hyphens, as CloudFormation has it. */
  name: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/)), 'C1mLab'),
  server: v.optional(v.strictObject({ instanceType: v.optional(v.string(), 'c3.4xlarge') }), {}),
  load: v.optional(
    v.strictObject({
      instanceType: v.optional(v.string(), 'c3.2xlarge'),
      hosts: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(50)), 2),
      /** Private addresses of a load host beside its primary one; each gives about 60 000 connections to one server port. */
      secondaryAddresses: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(49)), 10),
    }),
    {},
  ),
  network: v.optional(
    v.strictObject({
      /** First two numbers of the lab's /16: x.y.0.0/20 is for management, x.y.16.0/20 carries the load. */
      prefix: v.optional(ipv4Prefix, '10.42'),
      /** The first port a server listens on; further server processes take the next ones. */
      port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1024), v.maxValue(60000)), 8088),
    }),
    {},
  ),
});

/** A complete lab configuration: what {@link labSchema} makes of a lab file. */
export type Lab = v.InferOutput<typeof labSchema>;

/** The article's lab: one c3.4xlarge server, two c3.2xlarge load hosts with 10 secondary addresses each. */
export const articleLab: Lab = v.parse(labSchema, {});
