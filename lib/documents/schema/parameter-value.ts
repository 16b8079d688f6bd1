import type { Parameter } from './parameter.ts';

/** A parameter's value once its type is settled: a list for StringList, else a scalar. */
export type ParameterValue = string | number | boolean | readonly string[];

/**
 * Says which rule of the parameter a value breaks (`must match ^a$`), or nothing if it keeps them all.
 * The API matches allowedPattern against the whole value, and each entry of a list on its own.
 */
export function brokenRule(parameter: Parameter, value: ParameterValue): string | undefined {
  const isList = Array.isArray(value);
  if (isList !== (parameter.type === 'StringList')) return `must be a ${parameter.type}`;
  if (parameter.type === 'String' && typeof value !== 'string') return 'must be a String';
  const entries = isList ? value.map(String) : [String(value)];
  if (parameter.type === 'Integer' && !entries.every((entry) => /^[+-]?\d+$/.test(entry))) return 'must be an Integer';
  if (parameter.type === 'Boolean' && !entries.every((entry) => /^(true|false)$/i.test(entry))) {
    return 'must be true or false';
  }
  const { minChars, maxChars, minItems, maxItems, allowedPattern, allowedValues } = parameter;
  for (const entry of entries) {
    const chars = entry.length;
    if (minChars !== undefined && chars < minChars) return `must have at least ${minChars} characters`;
    if (maxChars !== undefined && chars > maxChars) return `must have at most ${maxChars} characters`;
    if (allowedValues !== undefined && !allowedValues.includes(entry)) {
      return `must be one of ${allowedValues.join(', ')}`;
    }
    if (allowedPattern !== undefined && !matchesWhole(allowedPattern, entry)) return `must match ${allowedPattern}`;
  }
  if (isList && minItems !== undefined && entries.length < minItems) return `must have at least ${minItems} entries`;
  if (isList && maxItems !== undefined && entries.length > maxItems) return `must have at most ${maxItems} entries`;
  return undefined;
}

/** Whether the pattern matches all of the text. A pattern that is no regular expression matches nothing. */
function matchesWhole(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(text);
  } catch {
    return false;
  }
}
