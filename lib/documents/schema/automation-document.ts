import * as v from 'valibot';
import { automationParameterSchema } from './parameter.ts';

const strings = v.pipe(v.array(v.string()), v.readonly());

const stepFields = {
  name: v.string(),
  description: v.optional(v.string()),
  maxAttempts: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10))),
  /** Seconds each attempt of the step may take; unlimited without it. */
  timeoutSeconds: v.optional(v.number()),
  /** `Abort` (the default) ends the execution, `Continue` goes on, `step:<name>` jumps. */
  onFailure: v.optional(v.union([v.picklist(['Abort', 'Continue']), v.pipe(v.string(), v.regex(/^step:.+$/))])),
  /** Where a cancelled execution goes: nowhere (`Abort`, the default), on, or to a clean-up step. */
  onCancel: v.optional(v.union([v.picklist(['Abort', 'Continue']), v.pipe(v.string(), v.regex(/^step:.+$/))])),
  /** Whether the step's failure fails the execution: true by default, false with `onFailure: Continue`. */
  isCritical: v.optional(v.boolean()),
  /** The execution ends after this step, however the step went. */
  isEnd: v.optional(v.boolean()),
  /** The step that follows a success, instead of the next in the document. */
  nextStep: v.optional(v.string()),
};

const runCommandStepSchema = v.strictObject({
  ...stepFields,
  action: v.literal('aws:runCommand'),
  inputs: v.strictObject({
    DocumentName: v.string(),
    InstanceIds: v.optional(v.union([v.string(), strings])),
    Targets: v.optional(v.pipe(v.array(v.strictObject({ Key: v.string(), Values: strings })), v.readonly())),
    Parameters: v.optional(v.record(v.string(), v.union([v.string(), strings]))),
    Comment: v.optional(v.string()),
    /** Seconds within which the hosts must take the command up, 30 to 2 592 000. Not how long it may run. */
    TimeoutSeconds: v.optional(v.number()),
    MaxConcurrency: v.optional(v.string()),
    MaxErrors: v.optional(v.string()),
    OutputS3BucketName: v.optional(v.string()),
    OutputS3KeyPrefix: v.optional(v.string()),
  }),
});

/** A condition of `aws:branch`: one comparison of `Variable`, or a combination of conditions. */
export interface BranchCondition {
  readonly Variable?: string | undefined;
  readonly StringEquals?: string | undefined;
  readonly EqualsIgnoreCase?: string | undefined;
  readonly StartsWith?: string | undefined;
  readonly EndsWith?: string | undefined;
  readonly Contains?: string | undefined;
  readonly NumericEquals?: number | string | undefined;
  readonly NumericGreater?: number | string | undefined;
  readonly NumericLesser?: number | string | undefined;
  readonly NumericGreaterOrEquals?: number | string | undefined;
  readonly NumericLesserOrEquals?: number | string | undefined;
  readonly BooleanEquals?: boolean | string | undefined;
  readonly And?: readonly BranchCondition[] | undefined;
  readonly Or?: readonly BranchCondition[] | undefined;
  readonly Not?: BranchCondition | undefined;
}

const number = v.optional(v.union([v.number(), v.string()]));

const conditionFields = {
  Variable: v.optional(v.string()),
  StringEquals: v.optional(v.string()),
  EqualsIgnoreCase: v.optional(v.string()),
  StartsWith: v.optional(v.string()),
  EndsWith: v.optional(v.string()),
  Contains: v.optional(v.string()),
  NumericEquals: number,
  NumericGreater: number,
  NumericLesser: number,
  NumericGreaterOrEquals: number,
  NumericLesserOrEquals: number,
  BooleanEquals: v.optional(v.union([v.boolean(), v.string()])),
  And: v.optional(v.array(v.lazy((): v.GenericSchema<BranchCondition> => conditionSchema))),
  Or: v.optional(v.array(v.lazy((): v.GenericSchema<BranchCondition> => conditionSchema))),
  Not: v.optional(v.lazy((): v.GenericSchema<BranchCondition> => conditionSchema)),
};

const conditionSchema: v.GenericSchema<BranchCondition> = v.strictObject(conditionFields);

const branchStepSchema = v.strictObject({
  ...stepFields,
  action: v.literal('aws:branch'),
  inputs: v.strictObject({
    /** The first choice whose condition is true names the next step. */
    Choices: v.pipe(
      v.array(v.strictObject({ NextStep: v.string(), ...conditionFields })),
      v.minLength(1),
      v.readonly(),
    ),
    /** The next step when no choice is true; without it the next in the document. */
    Default: v.optional(v.string()),
  }),
});

const sleepStepSchema = v.strictObject({
  ...stepFields,
  action: v.literal('aws:sleep'),
  /** ISO 8601, such as `PT30S`. */
  inputs: v.strictObject({ Duration: v.string() }),
});

const automationStepSchema = v.variant('action', [runCommandStepSchema, branchStepSchema, sleepStepSchema]);

/** An SSM document of type Automation, schema 0.3, as far as the lab needs it. */
export const automationDocumentSchema = v.strictObject({
  schemaVersion: v.literal('0.3'),
  description: v.string(),
  /** The role that Automation acts as: an ARN or `{{ parameter }}`; without it, the caller's own rights. */
  assumeRole: v.optional(v.string()),
  parameters: v.optional(v.record(v.string(), automationParameterSchema)),
  /** `step.Output` names whose values the finished execution shows. */
  outputs: v.optional(strings),
  mainSteps: v.pipe(v.array(automationStepSchema), v.minLength(1), v.readonly()),
});

export type RunCommandStep = v.InferOutput<typeof runCommandStepSchema>;
export type BranchStep = v.InferOutput<typeof branchStepSchema>;
export type SleepStep = v.InferOutput<typeof sleepStepSchema>;
export type AutomationStep = v.InferOutput<typeof automationStepSchema>;

/** An Automation document: JSON that SSM accepts as it is. */
export type AutomationDocument = v.InferOutput<typeof automationDocumentSchema>;
