import type { Parameter } from '../../documents/schema/parameter.ts';
import { brokenRule, type ParameterValue } from '../../documents/schema/parameter-value.ts';

/** Parameters as they travel: a list of strings for each, whatever its type. */
export type PassedParameters = Readonly<Record<string, readonly string[]>>;

/** Why a document cannot be run with the parameters that were passed. */
export type ParameterFault =
  | { readonly kind: 'unknown'; readonly name: string }
  | { readonly kind: 'missing'; readonly name: string }
  | { readonly kind: 'broken'; readonly name: string; readonly value: string; readonly rule: string };

/** The value of every parameter, defaults filled in, or the first fault found. */
export type ResolvedParameters =
  { readonly values: ReadonlyMap<string, ParameterValue> } | { readonly fault: ParameterFault };

/** Checks what was passed against what a document declares, and gives every parameter its value. */
export function resolveParameters(
  declared: Readonly<Record<string, Parameter>>,
  passed: PassedParameters,
): ResolvedParameters {
  const unknown = Object.keys(passed).find((name) => !Object.hasOwn(declared, name));
  if (unknown !== undefined) return { fault: { kind: 'unknown', name: unknown } };
  const values = new Map<string, ParameterValue>();
  for (const [name, parameter] of Object.entries(declared)) {
    const given = Object.hasOwn(passed, name) ? passed[name] : undefined;
    if (given === undefined) {
      if (parameter.default === undefined) return { fault: { kind: 'missing', name } };
      // A default is not checked, neither by CreateDocument nor here: `validateDocument` does that at synth.
      values.set(name, parameter.default);
    } else {
      const value = typedValue(parameter, given);
      const rule = brokenRule(parameter, value);
      if (rule !== undefined) return { fault: { kind: 'broken', name, value: given.join(', '), rule } };
      values.set(name, value);
    }
  }
  return { values };
}

function typedValue(parameter: Parameter, given: readonly string[]): ParameterValue {
  const [only] = given;
  // A list of several for a scalar stays a list, which its rules then refuse.
  if (parameter.type === 'StringList' || only === undefined || given.length > 1) return given;
  if (parameter.type === 'Integer' && /^[+-]?\d+$/.test(only)) return Number(only);
  if (parameter.type === 'Boolean' && /^(true|false)$/i.test(only)) return only.toLowerCase() === 'true';
  return only;
}
