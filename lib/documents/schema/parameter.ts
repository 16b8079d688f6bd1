import * as v from 'valibot';

/** How SSM wants parameters named: letters and digits only. */
export const parameterNamePattern = /^[A-Za-z0-9]+$/;

const readonlyStrings = v.pipe(v.array(v.string()), v.readonly());

const limits = {
  description: v.string(),
  /** A regular expression; the API matches it whole, the agent anywhere, so it must carry its own ^ and $. */
  allowedPattern: v.optional(v.string()),
  allowedValues: v.optional(readonlyStrings),
  /** Length of a String, in characters. */
  minChars: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  maxChars: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  /** Entries of a StringList. */
  minItems: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  maxItems: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
};

/** A parameter of a Command document. Without `default` it is required. */
export const commandParameterSchema = v.strictObject({
  type: v.picklist(['String', 'StringList']),
  default: v.optional(v.union([v.string(), readonlyStrings])),
  ...limits,
  /** The agent (3.3.2746.0 or newer) hands the value over as the environment variable `SSM_<name>`, never as script text. */
  interpolationType: v.optional(v.literal('ENV_VAR')),
});

/** A parameter of an Automation document. Its values travel as lists of strings whatever the type. */
export const automationParameterSchema = v.strictObject({
  type: v.picklist(['String', 'StringList', 'Integer', 'Boolean']),
  default: v.optional(v.union([v.string(), v.number(), v.boolean(), readonlyStrings])),
  ...limits,
});

/** A parameter of a Command document, as {@link commandParameterSchema} accepts it. */
export type CommandParameter = v.InferOutput<typeof commandParameterSchema>;

/** A parameter of an Automation document, as {@link automationParameterSchema} accepts it. */
export type AutomationParameter = v.InferOutput<typeof automationParameterSchema>;

/** A parameter of either kind of document. */
export type Parameter = CommandParameter | AutomationParameter;
