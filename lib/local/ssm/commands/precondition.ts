import { substituteText, type Lookup } from '../substitution.ts';

/** What a step's precondition means for it: run it, skip it, or fail it, with the reason that the agent gives. */
export type PreconditionResult =
  { readonly operation: 'run' } | { readonly operation: 'skip' | 'fail'; readonly reason: string };

/**
 * Weighs `StringEquals: [a, b]` as the agent does: one operand is `platformType` and the other a name without parameters,
 * compared in lower case, or at least one operand holds a parameter of the document.
 */
export function weighPrecondition(
  operands: readonly string[] | undefined,
  platformType: string,
  lookup: Lookup,
): PreconditionResult {
  if (operands === undefined) return { operation: 'run' };
  const [left, right] = operands;
  if (operands.length !== 2 || left === undefined || right === undefined) {
    return { operation: 'fail', reason: '"StringEquals": operator accepts exactly 2 arguments' };
  }
  const shown = `"StringEquals": [${left}, ${right}]`;
  if (left === right) {
    return left === 'platformType'
      ? { operation: 'fail', reason: `"StringEquals": [${left} ${right}]` }
      : { operation: 'fail', reason: '"StringEquals": operator\'s arguments can\'t be identical' };
  }
  const leftValue = substituteText(left, lookup);
  const rightValue = substituteText(right, lookup);
  if (left === 'platformType' || right === 'platformType') {
    const [wanted, wantedValue] = left === 'platformType' ? [right, rightValue] : [left, leftValue];
    if (wanted.toLowerCase() !== wantedValue.toLowerCase()) {
      const reason =
        '"StringEquals": the second argument for the platformType variable can\'t contain document parameters';
      return { operation: 'fail', reason };
    }
    return wanted.toLowerCase() === platformType ? { operation: 'run' } : { operation: 'skip', reason: shown };
  }
  if (left === leftValue && right === rightValue) {
    const reason = '"StringEquals": at least one of operator\'s arguments must contain a valid document parameter';
    return { operation: 'fail', reason };
  }
  return leftValue === rightValue ? { operation: 'run' } : { operation: 'skip', reason: shown };
}
