import type { IConstruct } from 'constructs';
import type { LabFit } from '../config/lab-fit.ts';

/** Refuses what does not fit. Throws an Error with the construct's path, each value and its fix. */
export function checkFit(construct: IConstruct, { errors }: LabFit): void {
  if (errors.length > 0) throw new Error(`${construct.node.path}: ${errors.join('; ')}`);
}

/** Refuses a number that is not whole or not within its limits. Throws an Error with the construct's path and the value. */
export function checkWholeNumber(
  construct: IConstruct,
  setting: string,
  value: number,
  [minimum, maximum]: readonly [minimum: number, maximum: number],
): void {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  throw new Error(
    `${construct.node.path}: '${setting}' must be a whole number from ${minimum} to ${maximum}, got ${value}`,
  );
}

/** Refuses a lab's name that its documents could not have. Throws an Error with the path `path` and the name. */
export function checkLabName(path: string, labName: string): void {
  if (/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(labName)) return;
  throw new Error(
    `${path}: 'labName' must be 1 to 64 letters, digits and hyphens, a letter first, got '${labName}'; give the name in the lab file`,
  );
}
