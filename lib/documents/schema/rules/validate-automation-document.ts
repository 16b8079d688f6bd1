import type { AutomationDocument, AutomationStep } from '../automation-document.ts';
import type { NamedDocument } from '../document.ts';
import type { Problem } from '../problem.ts';
import { referencesIn } from '../references.ts';
import { jumpsOf, reachableSteps, stepAfter } from './step-flow.ts';
import { knownValues, maxAutomationValueChars } from './validate-parameters.ts';
import { validateRunCommandStep } from './validate-run-command-step.ts';

/** Variables that Automation itself provides, beside the parameters and the outputs of steps. */
const systemVariables: readonly string[] = [
  'global:DATE',
  'global:DATE_TIME',
  'global:REGION',
  'global:ACCOUNT_ID',
  'automation:EXECUTION_ID',
];

/** The outputs that a step of each kind has. */
const stepOutputs: Readonly<Record<AutomationStep['action'], readonly string[]>> = {
  'aws:runCommand': ['CommandId', 'Status', 'ResponseCode', 'Output'],
  'aws:branch': [],
  'aws:sleep': [],
};

/** What is wrong with an Automation document whose shape is right; `documents` are those that its steps may run. */
export function validateAutomationDocument(
  document: AutomationDocument,
  documents: readonly NamedDocument[],
): readonly Problem[] {
  const reachable = reachableSteps(document.mainSteps);
  return [
    ...validateValueLengths(document),
    ...validateUse(document),
    ...validateOutputs(document),
    ...document.mainSteps.flatMap((step, index) => [
      ...validateFlow(step, index, document.mainSteps, reachable.has(index)),
      ...validateReferences(step, index, document),
      ...(step.action === 'aws:runCommand'
        ? validateRunCommandStep(step, `mainSteps[${index}]`, document, documents)
        : []),
    ]),
  ];
}

function validateValueLengths(document: AutomationDocument): readonly Problem[] {
  return Object.entries(document.parameters ?? {}).flatMap(([name, parameter]) =>
    knownValues(parameter)
      .flatMap((value) => (Array.isArray(value) ? value.map(String) : [String(value)]))
      .filter((value) => value.length > maxAutomationValueChars)
      .map((value) => ({
        path: `parameters.${name}`,
        value,
        message: `has ${value.length} characters`,
        fix: `Automation takes values of at most ${maxAutomationValueChars}`,
      })),
  );
}

function validateUse(document: AutomationDocument): readonly Problem[] {
  const { parameters = {}, ...rest } = document;
  const used = new Set(referencesIn(rest, '').map(({ name }) => name));
  return Object.keys(parameters)
    .filter((name) => !used.has(name))
    .map((name) => ({
      path: `parameters.${name}`,
      value: name,
      message: 'is used by no step',
      fix: 'use it or take it out',
    }));
}

function validateOutputs(document: AutomationDocument): readonly Problem[] {
  return (document.outputs ?? []).flatMap((output, index) =>
    isStepOutput(output, document.mainSteps)
      ? []
      : [
          {
            path: `outputs[${index}]`,
            value: output,
            message: 'is the output of no step',
            fix: 'write <step>.<output>, such as build.Status',
          },
        ],
  );
}

function validateFlow(
  step: AutomationStep,
  index: number,
  steps: readonly AutomationStep[],
  reachable: boolean,
): readonly Problem[] {
  const path = `mainSteps[${index}]`;
  const problems: Problem[] = [];
  const complain = (at: string, value: unknown, message: string, fix: string): void => {
    problems.push({ path: `${path}.${at}`, value, message, fix });
  };
  if (!/^[A-Za-z0-9_]{3,128}$/.test(step.name)) {
    complain('name', step.name, 'is no name for a step', 'use 3 to 128 letters, digits and underscores');
  }
  if (steps.findIndex((other) => other.name === step.name) !== index) {
    complain('name', step.name, 'is the name of an earlier step', 'rename one of them');
  }
  if (!reachable) complain('name', step.name, 'can never be reached', 'jump to it or take it out');
  if (step.isEnd === true) {
    // isEnd ends the execution after a failure too.
    for (const field of ['nextStep', 'onFailure'] as const) {
      const target = field === 'nextStep' ? step.nextStep : stepAfter(step.onFailure);
      if (target !== undefined)
        complain(field, target, 'is never followed, because of isEnd', 'take one of the two out');
    }
  }
  if (step.action === 'aws:branch' && (step.nextStep !== undefined || step.isEnd === true)) {
    complain('name', step.name, 'is a branch with nextStep or isEnd', 'let its Choices and Default say where to go');
  }
  for (const { path: at, target } of jumpsOf(step)) {
    const targetIndex = steps.findIndex((other) => other.name === target);
    if (targetIndex < 0) complain(at, target, 'names no step', 'correct the name');
    else if (targetIndex <= index) complain(at, target, 'leads back, which may never end', 'name a later step');
  }
  if (step.action === 'aws:sleep' && !isDuration(step.inputs.Duration)) {
    complain('inputs.Duration', step.inputs.Duration, 'is no duration', 'write ISO 8601, such as PT30S');
  }
  return problems;
}

function isDuration(text: string): boolean {
  return referencesIn(text, '').length > 0 || /^PT(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?$/.test(text);
}

function validateReferences(step: AutomationStep, index: number, document: AutomationDocument): readonly Problem[] {
  const earlier = document.mainSteps.slice(0, index);
  return referencesIn(step.inputs, `mainSteps[${index}].inputs`)
    .filter(
      ({ name }) =>
        !Object.hasOwn(document.parameters ?? {}, name) &&
        !systemVariables.includes(name) &&
        !isStepOutput(name, earlier),
    )
    .map(({ name, path, text }) => ({
      path,
      value: text,
      message: `uses ${name}, which is no parameter, no output of an earlier step and no variable of Automation`,
      fix: 'declare it, or correct the name',
    }));
}

function isStepOutput(name: string, steps: readonly AutomationStep[]): boolean {
  const [stepName = '', output = '', ...rest] = name.split('.');
  const step = steps.find((candidate) => candidate.name === stepName);
  return step !== undefined && rest.length === 0 && stepOutputs[step.action].includes(output);
}
