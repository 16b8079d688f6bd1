import type { IConstruct } from 'constructs';
import { LabError } from '../config/lab-error.ts';
import type { LabFit } from '../config/lab-fit.ts';

/** The error of a construct whose props are refused: LabError `usage` that names the construct's path. */
export function propsError(path: string, message: string): LabError {
  return new LabError(
    'usage',
    `${path}: ${message}`,
    'correct the lab file; lib/config/lab.ts describes every setting',
  );
}

/** Refuses what does not fit. Throws LabError `usage` with the construct's path, each value and its fix. */
export function checkFit(construct: IConstruct, { errors }: LabFit): void {
  if (errors.length > 0) throw propsError(construct.node.path, errors.join('; '));
}

/** Refuses a number that is not whole or not within its limits. Throws LabError `usage` with the construct's path and the value. */
export function checkWholeNumber(
  construct: IConstruct,
  setting: string,
  value: number,
  [minimum, maximum]: readonly [minimum: number, maximum: number],
): void {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  throw propsError(
    construct.node.path,
    `'${setting}' must be a whole number from ${minimum} to ${maximum}, got ${value}`,
  );
}

/** Refuses a lab's name that its documents could not have. Throws LabError `usage` with the path `path` and the name. */
export function checkLabName(path: string, labName: string): void {
  if (/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(labName)) return;
  throw propsError(
    path,
    `'labName' must be 1 to 64 letters, digits and hyphens, a letter first, got '${labName}'; give the name in the lab file`,
  );
}
