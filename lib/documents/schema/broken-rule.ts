import type { Parameter } from './document.ts';

/**
 * Says which rule of the parameter a value breaks (`must match ^a$`), or nothing if it keeps them all. The API matches
 * allowedPattern against the whole value; a pattern that is no regular expression matches nothing.
 */
export function brokenRule({ allowedPattern, allowedValues }: Parameter, value: string): string | undefined {
  if (allowedValues !== undefined && !allowedValues.includes(value))
    return `must be one of ${allowedValues.join(', ')}`;
  if (allowedPattern === undefined) return undefined;
  try {
    return new RegExp(`^(?:${allowedPattern})$`).test(value) ? undefined : `must match ${allowedPattern}`;
  } catch {
    return `must match ${allowedPattern}`;
  }
}
