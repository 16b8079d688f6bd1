import { memberPath } from './problem.ts';

/** One `{{ name }}` found in a document. */
export interface Reference {
  readonly name: string;
  readonly path: string;
  /** The whole string that holds it. */
  readonly text: string;
}

/** Matches `{{ name }}` where the name may be a parameter or a variable such as `automation:EXECUTION_ID`. */
export const referencePattern = /\{\{\s*([A-Za-z0-9_.:-]+)\s*\}\}/g;

/** Every `{{ name }}` in the strings of a JSON value, with its place. */
export function referencesIn(value: unknown, path: string): readonly Reference[] {
  if (typeof value === 'string') {
    return [...value.matchAll(referencePattern)].map((match) => ({ name: match[1] ?? '', path, text: value }));
  }
  if (Array.isArray(value)) return value.flatMap((entry, index) => referencesIn(entry, memberPath(path, index)));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, entry]) => referencesIn(entry, memberPath(path, key)));
  }
  return [];
}
