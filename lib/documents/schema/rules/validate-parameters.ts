import { parameterNamePattern, type Parameter } from '../parameter.ts';
import { brokenRule, type ParameterValue } from '../parameter-value.ts';
import { patternProblem } from './pattern-problem.ts';
import { memberPath, type Problem } from '../problem.ts';

/** Longest value of an Automation parameter, in characters (botocore's model: AutomationParameterValue). */
export const maxAutomationValueChars = 512;

/** What is wrong with the parameters that a document declares, whoever uses them. */
export function validateParameters(parameters: Readonly<Record<string, Parameter>>): readonly Problem[] {
  return Object.entries(parameters).flatMap(([name, parameter]) => [
    ...validateName(name),
    ...validatePattern(name, parameter),
    ...validateDefault(name, parameter),
  ]);
}

function validateName(name: string): readonly Problem[] {
  if (parameterNamePattern.test(name)) return [];
  return [
    { path: 'parameters', value: name, message: 'is no name for a parameter', fix: 'use letters and digits only' },
  ];
}

function validatePattern(name: string, parameter: Parameter): readonly Problem[] {
  const { allowedPattern } = parameter;
  const problem = allowedPattern === undefined ? undefined : patternProblem(allowedPattern);
  if (problem === undefined) return [];
  return [{ path: memberPath(`parameters.${name}`, 'allowedPattern'), value: allowedPattern, ...problem }];
}

function validateDefault(name: string, parameter: Parameter): readonly Problem[] {
  if (parameter.default === undefined) return [];
  const broken = brokenRule(parameter, parameter.default);
  if (broken === undefined) return [];
  return [
    {
      path: `parameters.${name}.default`,
      value: parameter.default,
      message: 'breaks the rules of its own parameter',
      fix: `it ${broken}`,
    },
  ];
}

/** Values that a parameter is known to take: its default, and all that allowedValues admits. */
export function knownValues(parameter: Parameter): readonly ParameterValue[] {
  const allowed = parameter.type === 'StringList' ? [] : (parameter.allowedValues ?? []);
  return [...(parameter.default === undefined ? [] : [parameter.default]), ...allowed];
}
