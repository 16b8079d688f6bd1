import type { CommandDocument, CommandParameter, ShellStep } from '../document.ts';
import type { Problem } from '../problem.ts';
import { referencesIn } from '../references.ts';

/** Limits of `timeoutSeconds`, in seconds; the agent takes anything outside to mean 3 600. */
const minTimeoutSeconds = 5;
const maxTimeoutSeconds = 172_800;

/** Patterns that admit digits and nothing else, which no shell and no agent reads as anything else. */
const digitsOnly = /^\^(?:\[\d-\d\](?:\{\d+(?:,\d+)?\})?)+\$$/;

/** Variables with the prefix SSM_ that the agent sets by itself. */
const agentVariables: readonly string[] = ['COMMAND_ID'];

type Parameters = Readonly<Record<string, CommandParameter>>;

/** What is wrong with a Command document. */
export function validateCommandDocument({ parameters = {}, mainSteps: [step] }: CommandDocument): readonly Problem[] {
  return [
    ...Object.entries(parameters).flatMap(([name, parameter]) => validateSafety(name, parameter)),
    ...validateStep(step, parameters),
    ...validateReferences(step, parameters),
  ];
}

/** Whether `{{ name }}` may stand in a document: it holds digits, and every agent puts them there as they are. */
function isPastedNumber(parameter: CommandParameter | undefined): boolean {
  return parameter?.interpolationType === undefined && digitsOnly.test(parameter?.allowedPattern ?? '');
}

/** A value from outside may reach the shell only as a variable or as digits, and only if a rule says what it may be. */
function validateSafety(name: string, parameter: CommandParameter): readonly Problem[] {
  const path = `parameters.${name}`;
  const problems: Problem[] = [];
  if (parameter.interpolationType !== 'ENV_VAR' && !isPastedNumber(parameter)) {
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

function validateStep({ name, inputs }: ShellStep, parameters: Parameters): readonly Problem[] {
  const problems: Problem[] = [];
  // GetCommandInvocation asks for a step by PluginName, which has at least four characters (botocore's model: CommandPluginName).
  if (!/^[A-Za-z0-9_-]{4,128}$/.test(name)) {
    problems.push({
      path: 'mainSteps[0].name',
      value: name,
      message: 'is no name for a step',
      fix: 'use 4 to 128 letters, digits, hyphens and underscores',
    });
  }
  const { timeoutSeconds } = inputs;
  const [reference] = referencesIn(timeoutSeconds, '');
  const isGiven = reference !== undefined && isPastedNumber(parameters[reference.name]);
  if (timeoutSeconds !== undefined && !isGiven && !isTimeout(timeoutSeconds)) {
    problems.push({
      path: 'mainSteps[0].inputs.timeoutSeconds',
      value: timeoutSeconds,
      message: 'would mean 3600 to the agent',
      fix: `write a whole number from ${minTimeoutSeconds} to ${maxTimeoutSeconds}, or {{ a parameter of digits }}`,
    });
  }
  return problems;
}

function isTimeout(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) >= minTimeoutSeconds && Number(text) <= maxTimeoutSeconds;
}

function validateReferences({ inputs }: ShellStep, parameters: Parameters): readonly Problem[] {
  const problems = referencesIn(inputs, 'mainSteps[0].inputs').flatMap(({ name, path, text }): readonly Problem[] => {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (path.includes('.runCommand') && !isPastedNumber(parameter)) {
      return [{ path, value: text, message: `pastes {{ ${name} }} into the script`, fix: `read $SSM_${name}` }];
    }
    if (parameter !== undefined) return [];
    const message = `uses the parameter ${name}, which is not declared`;
    return [{ path, value: text, message, fix: 'declare it, or correct the name' }];
  });
  const unset = inputs.runCommand.flatMap((line, index) =>
    variablesIn(line)
      .filter((name) => !Object.hasOwn(parameters, name) && !agentVariables.includes(name))
      .map((name): Problem => ({
        path: `mainSteps[0].inputs.runCommand[${index}]`,
        value: line,
        message: `reads $SSM_${name}, but no parameter is called ${name}`,
        fix: 'declare it, or correct the name',
      })),
  );
  return [...problems, ...unset];
}

/** The X of every `$SSM_X` and `${SSM_X…}` in a script line. */
function variablesIn(line: string): readonly string[] {
  return [...line.matchAll(/\$\{?SSM_([A-Za-z0-9_]+)/g)].map((match) => match[1] ?? '');
}
