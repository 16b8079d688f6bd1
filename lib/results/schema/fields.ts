import * as v from 'valibot';

/** A number that is not negative and not NaN, described; descriptions end up in the published JSON Schema. */
export function amount(description: string) {
  return v.pipe(v.number(), v.minValue(0), v.description(description));
}

/** A whole number that is not negative, described. */
export function count(description: string) {
  return v.pipe(v.number(), v.integer(), v.minValue(0), v.description(description));
}

/** A finite number of either sign, described. */
export function real(description: string) {
  return v.pipe(v.number(), v.description(description));
}

/** A text, described. */
export function text(description: string) {
  return v.pipe(v.string(), v.description(description));
}

/** Yes or no, described. */
export function flag(description: string) {
  return v.pipe(v.boolean(), v.description(description));
}

/** Numbers by cause of a failure (`FailureCause` of the load generator); a cause that did not occur is absent. */
export function countsByCause(description: string) {
  return v.pipe(v.record(v.string(), v.pipe(v.number(), v.integer(), v.minValue(0))), v.description(description));
}
