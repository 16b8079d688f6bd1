import { isCommandDocument, type AutomationDocument, type AutomationStep, type RunCommandStep } from '../document.ts';
import type { NamedDocument, Parameter } from '../document.ts';
import { brokenRule } from '../broken-rule.ts';
import type { Problem } from '../problem.ts';
import { referencePattern, referencesIn } from '../references.ts';
import { reachableSteps, stepAfter } from './step-flow.ts';

/** The variable that Automation itself provides, of those that the lab uses. */
const executionId = 'automation:EXECUTION_ID';

/** Longest value of an Automation parameter, in characters (botocore's model: AutomationParameterValue). */
const maxValueChars = 512;

/** What is wrong with an Automation document; `documents` are those that its steps may run. */
export function validateAutomationDocument(
  document: AutomationDocument,
  documents: readonly NamedDocument[],
): readonly Problem[] {
  const reachable = reachableSteps(document.mainSteps);
  return [
    ...validateParameters(document),
    ...validateOutputs(document),
    ...document.mainSteps.flatMap((step, index) => [
      ...validateFlow(step, index, document.mainSteps, reachable.has(index)),
      ...validateReferences(step, index, document),
      ...(step.action === 'aws:runCommand' ? validateCommand(step, `mainSteps[${index}]`, document, documents) : []),
    ]),
  ];
}

function validateParameters({ parameters = {}, ...rest }: AutomationDocument): readonly Problem[] {
  const used = new Set(referencesIn(rest, '').map(({ name }) => name));
  return Object.entries(parameters).flatMap(([name, parameter]) => {
    const path = `parameters.${name}`;
    const tooLong = knownValues(parameter).find(({ length }) => length > maxValueChars);
    return [
      ...(used.has(name) ? [] : [{ path, value: name, message: 'is used by no step', fix: 'use it or take it out' }]),
      ...(tooLong === undefined
        ? []
        : [
            {
              path,
              value: tooLong,
              message: `has ${tooLong.length} characters`,
              fix: `Automation takes values of at most ${maxValueChars}`,
            },
          ]),
    ];
  });
}

function validateOutputs({ outputs = [], mainSteps }: AutomationDocument): readonly Problem[] {
  const known = mainSteps.flatMap(({ name, action }) =>
    action === 'aws:runCommand'
      ? ['CommandId', 'Status', 'ResponseCode', 'Output'].map((output) => `${name}.${output}`)
      : [],
  );
  return outputs.flatMap((output, index) =>
    known.includes(output)
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
  const problems: Problem[] = [];
  const complain = (at: string, value: unknown, message: string, fix: string): void => {
    problems.push({ path: `mainSteps[${index}].${at}`, value, message, fix });
  };
  if (!/^[A-Za-z0-9_]{3,128}$/.test(step.name)) {
    complain('name', step.name, 'is no name for a step', 'use 3 to 128 letters, digits and underscores');
  }
  if (steps.findIndex((other) => other.name === step.name) !== index) {
    complain('name', step.name, 'is the name of an earlier step', 'rename one of them');
  }
  if (!reachable) complain('name', step.name, 'can never be reached', 'jump to it or take it out');
  if (step.isEnd === true && stepAfter(step.onFailure) !== undefined) {
    // isEnd ends the execution after a failure too.
    complain('onFailure', step.onFailure, 'is never followed, because of isEnd', 'take one of the two out');
  }
  for (const at of ['onFailure', 'onCancel'] as const) {
    const target = stepAfter(step[at]);
    if (target === undefined) continue;
    const targetIndex = steps.findIndex((other) => other.name === target);
    if (targetIndex < 0) complain(at, target, 'names no step', 'correct the name');
    else if (targetIndex <= index) complain(at, target, 'leads back, which may never end', 'name a later step');
  }
  return problems;
}

function validateReferences(step: AutomationStep, index: number, document: AutomationDocument): readonly Problem[] {
  return referencesIn(step.inputs, `mainSteps[${index}].inputs`)
    .filter(({ name }) => !Object.hasOwn(document.parameters ?? {}, name) && name !== executionId)
    .map(({ name, path, text }) => ({
      path,
      value: text,
      message: `uses ${name}, which is no parameter and not ${executionId}`,
      fix: 'declare it, or correct the name',
    }));
}

/** A command must fit its document: no parameter missing, none unknown, and no known value that its rules refuse. */
function validateCommand(
  { inputs }: RunCommandStep,
  path: string,
  automation: AutomationDocument,
  documents: readonly NamedDocument[],
): readonly Problem[] {
  const document = documents.find(({ name }) => name === inputs.DocumentName)?.content;
  if (document === undefined || !isCommandDocument(document)) {
    const message = 'is no Command document of the lab';
    return [{ path: `${path}.inputs.DocumentName`, value: inputs.DocumentName, message, fix: 'correct the name' }];
  }
  if (inputs.TimeoutSeconds < 30 || inputs.TimeoutSeconds > 2_592_000) {
    const fix = 'write 30 to 2592000; it limits delivery, not execution';
    const { TimeoutSeconds: value } = inputs;
    return [{ path: `${path}.inputs.TimeoutSeconds`, value, message: 'is out of range', fix }];
  }
  const at = `${path}.inputs.Parameters`;
  const { parameters: declared = {} } = document;
  const { Parameters: passed } = inputs;
  const missing = Object.entries(declared)
    .filter(([name, parameter]) => parameter.default === undefined && !Object.hasOwn(passed, name))
    .map(([name]) => ({
      path: at,
      value: passed,
      message: `does not pass ${name}, which ${inputs.DocumentName} requires`,
      fix: 'pass it, or give it a default there',
    }));
  const wrong = Object.entries(passed).flatMap(([name, value]): readonly Problem[] => {
    const parameter = declared[name];
    if (parameter === undefined) {
      const fix = `it has ${Object.keys(declared).join(', ') || 'none'}`;
      return [{ path: `${at}.${name}`, value, message: `is no parameter of ${inputs.DocumentName}`, fix }];
    }
    return sampleValues(value, automation).flatMap((sample) => {
      const broken = brokenRule(parameter, sample);
      if (broken === undefined) return [];
      const message = `would be refused by ${inputs.DocumentName} as ${JSON.stringify(sample)}`;
      return [{ path: `${at}.${name}`, value, message, fix: `${name} ${broken}` }];
    });
  });
  return [...missing, ...wrong];
}

/** Values that a parameter is known to take: its default, and all that allowedValues admits. */
function knownValues(parameter: Parameter | undefined): readonly string[] {
  return [...(parameter?.default === undefined ? [] : [parameter.default]), ...(parameter?.allowedValues ?? [])];
}

/** The values that a passed parameter is known to have: one for each known value of the parameters it refers to. */
function sampleValues(value: string, automation: AutomationDocument): readonly string[] {
  const names = [...new Set(referencesIn(value, '').map(({ name }) => name))];
  return names.reduce<readonly string[]>(
    (texts, name) => {
      const known =
        name === executionId ? ['01234567-89ab-cdef-0123-456789abcdef'] : knownValues(automation.parameters?.[name]);
      return texts.flatMap((text) =>
        known.map((sample) => text.replaceAll(referencePattern, (whole, found) => (found === name ? sample : whole))),
      );
    },
    [value],
  );
}
