import * as v from 'valibot';
import { count, text } from './fields.ts';

/** One step of the automation as it went. */
const stepRecordSchema = v.object({
  name: text('Name of the step in the automation document, such as Ramp.'),
  status: text('Status as SSM spells it: Success, Failed, TimedOut, Cancelled, Pending, …'),
  beganUnixMillis: v.optional(v.nullable(count('When the step began; null when it never did.')), null),
  endedUnixMillis: v.optional(v.nullable(count('When the step ended; null when it did not.')), null),
  failure: v.optional(v.nullable(text('Why it failed, in one line; null when it did not.')), null),
});

/** `raw/<measurement>/measurement.json`: one server measured once, seen from the operator. */
export const measurementRecordSchema = v.object({
  schema: v.literal(1),
  measurement: text('Name of the folder: <server> or <server>-<repeat>.'),
  server: text('Name of the server.'),
  repeat: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
  status: v.pipe(
    v.picklist(['running', 'succeeded', 'failed', 'cancelled', 'skipped']),
    v.description('How the measurement ended; running when its record was never finished.'),
  ),
  reason: v.optional(v.nullable(text('Why it was skipped, cancelled or failed; else null.')), null),
  executionId: v.optional(v.nullable(text('Id of the automation execution; null when none was started.')), null),
  beganUnixMillis: v.optional(v.nullable(count('When the automation was started.')), null),
  endedUnixMillis: v.optional(v.nullable(count('When the automation was over.')), null),
  steps: v.optional(v.array(stepRecordSchema), []),
});

/** One server measured once, seen from the operator: the contents of `raw/<measurement>/measurement.json`. */
export type MeasurementRecord = v.InferOutput<typeof measurementRecordSchema>;

/** {@link MeasurementRecord} as one may write it: fields with a default may be left out. */
export type MeasurementRecordInput = v.InferInput<typeof measurementRecordSchema>;
