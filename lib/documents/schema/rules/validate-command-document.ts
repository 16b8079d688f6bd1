import type { CommandDocument, ShellStep } from '../command-document.ts';
import type { CommandParameter } from '../parameter.ts';
import type { Problem } from '../problem.ts';
import { referencesIn } from '../references.ts';

/** Limits of `timeoutSeconds`, in seconds; the agent takes anything outside to mean 3 600. */
const minTimeoutSeconds = 5;
const maxTimeoutSeconds = 172_800;

/** Variables with the prefix SSM_ that the agent sets by itself. */
const agentVariables: readonly string[] = ['COMMAND_ID'];

/** What is wrong with a Command document whose shape is right. */
export function validateCommandDocument(document: CommandDocument): readonly Problem[] {
  const parameters = document.parameters ?? {};
  return [
    ...Object.entries(parameters).flatMap(([name, parameter]) => validateSafety(name, parameter)),
    ...document.mainSteps.flatMap((step, index) => [
      ...validateStep(step, index, document.mainSteps, parameters),
      ...validateReferences(step, `mainSteps[${index}]`, parameters),
    ]),
  ];
}

/** Patterns that admit digits and nothing else, which no shell and no agent reads as anything else. */
const digitsOnly = /^\^(?:\[\d-\d\](?:\{\d+(?:,\d+)?\})?)+\$$/;

/** Whether `{{ name }}` may stand in a document: it holds digits, and every agent puts them there as they are. */
function isPastedNumber(parameter: CommandParameter | undefined): boolean {
  return parameter?.interpolationType === undefined && digitsOnly.test(parameter?.allowedPattern ?? '');
}

/** A value from outside may reach the shell only as a variable, and only if a rule says what it may be. */
function validateSafety(name: string, parameter: CommandParameter): readonly Problem[] {
  const path = `parameters.${name}`;
  const problems: Problem[] = [];
  if (parameter.type !== 'String') {
    problems.push({
      path: `${path}.type`,
      value: parameter.type,
      message: 'cannot be handed over as an environment variable',
      fix: 'use a String',
    });
  } else if (parameter.interpolationType !== 'ENV_VAR' && !isPastedNumber(parameter)) {
    problems.push({
      path: `${path}.interpolationType`,
      value: parameter.interpolationType,
      message: 'would let the value become script text',
      fix: `set it to "ENV_VAR" and read $SSM_${name}`,
    });
  }
  if (parameter.allowedPattern === undefined && parameter.allowedValues === undefined) {
    problems.push({
      path,
      value: parameter,
      message: 'takes any value',
      fix: 'give it an allowedPattern or allowedValues',
    });
  }
  return problems;
}

function validateStep(
  step: ShellStep,
  index: number,
  steps: readonly ShellStep[],
  parameters: Readonly<Record<string, CommandParameter>>,
): readonly Problem[] {
  const path = `mainSteps[${index}]`;
  const problems: Problem[] = [];
  // GetCommandInvocation asks for a step by PluginName, which has at least four characters (botocore's model: CommandPluginName).
  if (!/^[A-Za-z0-9_-]{4,128}$/.test(step.name)) {
    problems.push({
      path: `${path}.name`,
      value: step.name,
      message: 'is no name for a step',
      fix: 'use 4 to 128 letters, digits, hyphens and underscores',
    });
  }
  if (steps.findIndex((other) => other.name === step.name) !== index) {
    problems.push({
      path: `${path}.name`,
      value: step.name,
      message: 'is the name of an earlier step',
      fix: 'rename one of them',
    });
  }
  const { timeoutSeconds } = step.inputs;
  const [timeoutReference] = referencesIn(timeoutSeconds, '');
  const isTimeoutGiven = timeoutReference !== undefined && isPastedNumber(parameters[timeoutReference.name]);
  if (timeoutSeconds !== undefined && !isTimeoutGiven && !isTimeout(timeoutSeconds)) {
    problems.push({
      path: `${path}.inputs.timeoutSeconds`,
      value: timeoutSeconds,
      message: 'would mean 3600 to the agent',
      fix: `write a whole number from ${minTimeoutSeconds} to ${maxTimeoutSeconds}, or {{ a parameter of digits }}`,
    });
  }
  if (step.inputs.finallyStep === true && index !== steps.length - 1) {
    problems.push({
      path: `${path}.inputs.finallyStep`,
      value: true,
      message: 'is ignored on all but the last step',
      fix: 'move the step to the end',
    });
  }
  return [...problems, ...validatePrecondition(step, path)];
}

function isTimeout(value: number | string): boolean {
  const text = String(value);
  return /^\d+$/.test(text) && Number(text) >= minTimeoutSeconds && Number(text) <= maxTimeoutSeconds;
}

function validatePrecondition(step: ShellStep, path: string): readonly Problem[] {
  const operands = step.precondition?.StringEquals;
  if (operands === undefined) return [];
  const complain = (fix: string): readonly Problem[] => [
    {
      path: `${path}.precondition.StringEquals`,
      value: operands,
      message: 'is a precondition that the agent answers with a failed step',
      fix,
    },
  ];
  if (operands.length !== 2) return complain('give exactly two operands');
  if (operands[0] === operands[1]) return complain('compare two different operands');
  if (!operands.includes('platformType') && referencesIn(operands, '').length === 0) {
    return complain('one operand must be platformType or hold a {{ parameter }}');
  }
  return [];
}

function validateReferences(
  step: ShellStep,
  path: string,
  parameters: Readonly<Record<string, CommandParameter>>,
): readonly Problem[] {
  const scriptPath = `${path}.inputs.runCommand`;
  const pasted = referencesIn(step.inputs.runCommand, scriptPath)
    .filter(({ name }) => !isPastedNumber(parameters[name]))
    .map(({ name, path: at, text }): Problem => ({
      path: at,
      value: text,
      message: `pastes {{ ${name} }} into the script`,
      fix: `read $SSM_${name}`,
    }));
  const undeclared = referencesIn({ precondition: step.precondition, inputs: { ...step.inputs, runCommand: [] } }, path)
    .filter(({ name }) => !Object.hasOwn(parameters, name))
    .map(({ name, path: at, text }): Problem => ({
      path: at,
      value: text,
      message: `uses the parameter ${name}, which is not declared`,
      fix: 'declare it, or correct the name',
    }));
  const lines = typeof step.inputs.runCommand === 'string' ? [step.inputs.runCommand] : step.inputs.runCommand;
  const unset = lines.flatMap((line, index) =>
    variablesIn(line)
      .filter((name) => !Object.hasOwn(parameters, name) && !agentVariables.includes(name))
      .map((name): Problem => ({
        path: `${scriptPath}[${index}]`,
        value: line,
        message: `reads $SSM_${name}, but no parameter is called ${name}`,
        fix: 'declare it, or correct the name',
      })),
  );
  return [...pasted, ...undeclared, ...unset];
}

/** The X of every `$SSM_X` and `${SSM_X…}` in a script line. */
function variablesIn(line: string): readonly string[] {
  return [...line.matchAll(/\$\{?SSM_([A-Za-z0-9_]+)/g)].map((match) => match[1] ?? '');
}
