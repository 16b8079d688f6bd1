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

/** `{ Key, Values }`, as targets and most filters are written. */
export const filter = v.object({
  Key: v.string(),
  Values: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(50)),
});
/** The names and ids that the lab passes, as long as botocore's service model wants them. */
export const documentName = v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_\-.:/]{3,128}$/));
export const id = v.pipe(v.string(), v.length(36));
