import { referencePattern } from '../../documents/schema/references.ts';

/** Finds the value of a name, or undefined to leave its `{{ name }}` as it is. */
export type Lookup = (name: string) => string | undefined;

/**
 * Replaces every `{{ name }}` in the strings of a JSON value, in one pass: what a value brings in is not looked at again.
 */
export function substitute<T>(value: T, lookup: Lookup): T;
export function substitute(value: unknown, lookup: Lookup): unknown {
  if (typeof value === 'string') return value.replaceAll(referencePattern, (all, name: string) => lookup(name) ?? all);
  if (Array.isArray(value)) return value.map((entry: unknown) => substitute(entry, lookup));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, substitute(entry, lookup)]));
  }
  return value;
}
