import * as v from 'valibot';
import { commandParameterSchema } from './parameter.ts';

/** The inputs of `aws:runShellScript`, which the local lab checks again after substitution. */
export const shellInputsSchema = v.strictObject({
  /** The lines of one `sh` script, or a `{{ name }}` that stands for a StringList parameter. */
  runCommand: v.union([v.string(), v.pipe(v.array(v.string()), v.readonly())]),
  /** Seconds the script may take, 5 to 172 800; SSM takes anything else to mean 3 600. */
  timeoutSeconds: v.optional(v.union([v.number(), v.string()])),
  workingDirectory: v.optional(v.string()),
  /** Without it a failed step does not stop the later ones. The agent reads this and the next two from `inputs`, nowhere else. */
  onFailure: v.optional(v.picklist(['exit', 'successAndExit'])),
  onSuccess: v.optional(v.literal('exit')),
  /** Runs even after an exit; SSM heeds it on the last step only. */
  finallyStep: v.optional(v.boolean()),
});

const shellStepSchema = v.strictObject({
  name: v.string(),
  action: v.literal('aws:runShellScript'),
  /** The step is skipped unless both operands are equal: `platformType` and a name, or a parameter and a value. */
  precondition: v.optional(v.strictObject({ StringEquals: v.pipe(v.array(v.string()), v.readonly()) })),
  inputs: shellInputsSchema,
});

/** An SSM document of type Command, schema 2.2, as far as the lab needs it: shell scripts only. */
export const commandDocumentSchema = v.strictObject({
  schemaVersion: v.literal('2.2'),
  description: v.string(),
  parameters: v.optional(v.record(v.string(), commandParameterSchema)),
  mainSteps: v.pipe(v.array(shellStepSchema), v.minLength(1), v.readonly()),
});

/** One `aws:runShellScript` step. */
export type ShellStep = v.InferOutput<typeof shellStepSchema>;

/** A Command document: JSON that SSM accepts as it is. */
export type CommandDocument = v.InferOutput<typeof commandDocumentSchema>;
