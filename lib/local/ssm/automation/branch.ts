import type { BranchCondition } from '../../../documents/schema/automation-document.ts';
import type { SubstitutionValue } from '../substitution.ts';
import { StepFailure, type StepResult } from './execution.ts';

/** A condition once its references are replaced: the variable may have become a number, a boolean or a list. */
export interface ResolvedCondition extends Omit<BranchCondition, 'Variable' | 'And' | 'Or' | 'Not'> {
  readonly Variable?: SubstitutionValue | undefined;
  readonly And?: readonly ResolvedCondition[] | undefined;
  readonly Or?: readonly ResolvedCondition[] | undefined;
  readonly Not?: ResolvedCondition | undefined;
}

/** The inputs of `aws:branch`, references replaced. */
export interface BranchInputs {
  readonly Choices: readonly (ResolvedCondition & { readonly NextStep: string })[];
  readonly Default?: string | undefined;
}

/** `aws:branch`: the first choice that is true names the next step, else Default, else the document's order does. */
export function branch({ Choices, Default }: BranchInputs): StepResult {
  const chosenStep = Choices.find(isTrue)?.NextStep ?? Default;
  return { outputs: {}, ...(chosenStep === undefined ? {} : { chosenStep }) };
}

type Comparison = (variable: string, operand: string) => boolean;

const comparisons: Readonly<Record<Exclude<keyof BranchCondition, 'Variable' | 'And' | 'Or' | 'Not'>, Comparison>> = {
  StringEquals: (variable, operand) => variable === operand,
  EqualsIgnoreCase: (variable, operand) => variable.toLowerCase() === operand.toLowerCase(),
  StartsWith: (variable, operand) => variable.startsWith(operand),
  EndsWith: (variable, operand) => variable.endsWith(operand),
  Contains: (variable, operand) => variable.includes(operand),
  NumericEquals: (variable, operand) => numberOf(variable) === numberOf(operand),
  NumericGreater: (variable, operand) => numberOf(variable) > numberOf(operand),
  NumericLesser: (variable, operand) => numberOf(variable) < numberOf(operand),
  NumericGreaterOrEquals: (variable, operand) => numberOf(variable) >= numberOf(operand),
  NumericLesserOrEquals: (variable, operand) => numberOf(variable) <= numberOf(operand),
  BooleanEquals: (variable, operand) => variable.toLowerCase() === operand.toLowerCase(),
};

/** Whether a condition holds; everything in it has to. */
function isTrue(condition: ResolvedCondition): boolean {
  const { Variable, And, Or, Not } = condition;
  if (And?.every(isTrue) === false) return false;
  if (Or?.some(isTrue) === false) return false;
  if (Not !== undefined && isTrue(Not)) return false;
  return Object.entries(comparisons).every(([name, compare]) => {
    const operand = condition[name as keyof typeof comparisons];
    if (operand === undefined) return true;
    if (Variable === undefined) throw new StepFailure(`Step fails when it is evaluating ${name}: it has no Variable`);
    return compare(typeof Variable === 'string' ? Variable : JSON.stringify(Variable), String(operand));
  });
}

function numberOf(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value)) throw new StepFailure(`Step fails when it is evaluating a choice: "${text}" is no number`);
  return value;
}
