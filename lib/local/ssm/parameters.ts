import { brokenRule } from '../../documents/schema/broken-rule.ts';
import type { Parameter } from '../../documents/schema/document.ts';

/** The value of every parameter by its name. */
export type Values = ReadonlyMap<string, string>;

/** Why a document cannot be run with the parameters that were passed. */
export interface ParameterFault {
  readonly kind: 'unknown' | 'missing' | 'broken';
  readonly name: string;
  /** The rule that a value breaks; empty for the other kinds. */
  readonly rule: string;
}

/** Checks what was passed against what a document declares, and gives every parameter its value, or the first fault found. Each travels in a list. */
export function resolveParameters(
  declared: Readonly<Record<string, Parameter>>,
  passed: Readonly<Record<string, readonly string[]>>,
): { readonly values: Values } | { readonly fault: ParameterFault } {
  const unknown = Object.keys(passed).find((name) => !Object.hasOwn(declared, name));
  if (unknown !== undefined) return { fault: { kind: 'unknown', name: unknown, rule: '' } };
  const values = new Map<string, string>();
  for (const [name, parameter] of Object.entries(declared)) {
    const given = Object.hasOwn(passed, name) ? passed[name] : undefined;
    // A default is not checked, neither by CreateDocument nor here: `validateDocument` does that at synth.
    const [value, ...more] = given ?? (parameter.default === undefined ? [] : [parameter.default]);
    if (value === undefined) return { fault: { kind: 'missing', name, rule: '' } };
    const rule = more.length > 0 ? 'must be a String' : given && brokenRule(parameter, value);
    if (rule !== undefined) return { fault: { kind: 'broken', name, rule } };
    values.set(name, value);
  }
  return { values };
}
