/** A value that can stand for `{{ name }}`. */
export type SubstitutionValue = string | number | boolean | readonly SubstitutionValue[];

/** Finds the value of a name, or undefined to leave its `{{ name }}` as it is. */
export type Lookup = (name: string) => SubstitutionValue | undefined;

const wholeReference = /^\{\{\s*([A-Za-z0-9_.:-]+)\s*\}\}$/;
const anyReference = /\{\{\s*([A-Za-z0-9_.:-]+)\s*\}\}/g;

/**
 * Replaces every `{{ name }}` in the strings of a JSON value, in one pass: what a value brings in is not looked at again. A
 * string that is nothing but `{{ name }}` becomes the value itself, so that a list stays a list; inside a longer string a value
 * appears as text, and as JSON if it is no string.
 */
export function substitute(value: unknown, lookup: Lookup): unknown {
  if (typeof value === 'string') return substituteString(value, lookup);
  if (Array.isArray(value)) return value.map((entry) => substitute(entry, lookup));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, substitute(entry, lookup)]));
  }
  return value;
}

function substituteString(text: string, lookup: Lookup): SubstitutionValue {
  const whole = wholeReference.exec(text)?.[1];
  const value = whole === undefined ? undefined : lookup(whole);
  return value ?? substituteText(text, lookup);
}

/** As {@link substitute}, for a string that must stay one. */
export function substituteText(text: string, lookup: Lookup): string {
  return text.replaceAll(anyReference, (reference, name: string) => {
    const found = lookup(name);
    if (found === undefined) return reference;
    // The agent reads $$ in an embedded value as $, for those who doubled it against an old fault of its own.
    return (typeof found === 'string' ? found : JSON.stringify(found)).replaceAll('$$', () => '$');
  });
}
