import * as v from 'valibot';
import { validationError } from './service-error.ts';

/** Checks the body of a request; what does not fit is a ValidationException that says where. */
export function parseInput<S extends v.GenericSchema>(schema: S, body: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const [first] = result.issues;
  const path = v.getDotPath(first) ?? 'input';
  throw validationError(
    `${result.issues.length} validation error${result.issues.length > 1 ? 's' : ''} detected: ` +
      `Value ${JSON.stringify(first.input) ?? 'null'} at '${path}' failed to satisfy constraint: ${first.message}`,
  );
}

/** The patterns and limits below are those of botocore's service model. */
export const commandId = v.pipe(v.string(), v.length(36));
export const instanceId = v.pipe(
  v.string(),
  v.regex(/^i-(\w{8}|\w{17})$/, 'Member must satisfy the pattern of an instance id'),
);
export const documentName = v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_\-.:/]{3,128}$/));
export const maxResults = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(50)));
export const nextToken = v.optional(v.string());
export const passedParameters = v.optional(v.record(v.string(), v.array(v.string())), {});
export const target = v.object({
  Key: v.pipe(v.string(), v.regex(/^[\p{L}\p{Z}\p{N}_.:/=\-@]*$|resource-groups:/u), v.minLength(1), v.maxLength(163)),
  Values: v.pipe(v.array(v.string()), v.maxLength(50)),
});

/** `{ Key, Values }`, as most Describe actions filter. */
export const valuesFilter = v.object({ Key: v.string(), Values: v.pipe(v.array(v.string()), v.minLength(1)) });
