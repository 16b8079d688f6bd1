import type { AutomationDocument, RunCommandStep } from '../automation-document.ts';
import type { CommandDocument } from '../command-document.ts';
import { isCommandDocument, type NamedDocument } from '../document.ts';
import { brokenRule, type ParameterValue } from '../parameter-value.ts';
import type { Problem } from '../problem.ts';
import { referencePattern, referencesIn } from '../references.ts';
import { knownValues } from './validate-parameters.ts';

/** What is wrong with a step that sends a command: its targets, its limits, and what it passes to the document. */
export function validateRunCommandStep(
  step: RunCommandStep,
  path: string,
  automation: AutomationDocument,
  documents: readonly NamedDocument[],
): readonly Problem[] {
  const { inputs } = step;
  const problems: Problem[] = [];
  const complain = (at: string, value: unknown, message: string, fix: string): void => {
    problems.push({ path: `${path}.inputs${at}`, value, message, fix });
  };
  if ((inputs.InstanceIds === undefined) === (inputs.Targets === undefined)) {
    complain('', inputs, 'must say where to run in one way', 'give either InstanceIds or Targets');
  }
  // The patterns and the range of botocore's model (MaxConcurrency, MaxErrors, TimeoutSeconds).
  if (inputs.MaxConcurrency !== undefined && !/^([1-9][0-9]{0,6}|[1-9][0-9]?%|100%)$/.test(inputs.MaxConcurrency)) {
    complain('.MaxConcurrency', inputs.MaxConcurrency, 'is no concurrency', 'write a number from 1, or 1% to 100%');
  }
  if (inputs.MaxErrors !== undefined && !/^([1-9][0-9]{0,6}|0|[1-9][0-9]?%|0%|100%)$/.test(inputs.MaxErrors)) {
    complain('.MaxErrors', inputs.MaxErrors, 'is no number of errors', 'write a number from 0, or 0% to 100%');
  }
  const { TimeoutSeconds: timeout } = inputs;
  if (timeout !== undefined && !(timeout >= 30 && timeout <= 2_592_000)) {
    complain('.TimeoutSeconds', timeout, 'is out of range', 'write 30 to 2592000; it limits delivery, not execution');
  }
  if (referencesIn(inputs.DocumentName, '').length > 0) {
    complain('.DocumentName', inputs.DocumentName, 'is not known before the run', 'write the name out');
    return problems;
  }
  const document = documents.find((candidate) => candidate.name === inputs.DocumentName)?.content;
  if (document === undefined || !isCommandDocument(document)) {
    complain('.DocumentName', inputs.DocumentName, 'is no Command document of the lab', 'correct the name');
    return problems;
  }
  return [...problems, ...validatePassedParameters(step, `${path}.inputs.Parameters`, automation, document)];
}

function validatePassedParameters(
  step: RunCommandStep,
  path: string,
  automation: AutomationDocument,
  document: CommandDocument,
): readonly Problem[] {
  const declared = document.parameters ?? {};
  const passed = step.inputs.Parameters ?? {};
  const missing = Object.entries(declared)
    .filter(([name, parameter]) => parameter.default === undefined && !Object.hasOwn(passed, name))
    .map(([name]) => ({
      path,
      value: passed,
      message: `does not pass ${name}, which ${step.inputs.DocumentName} requires`,
      fix: 'pass it, or give it a default there',
    }));
  const wrong = Object.entries(passed).flatMap(([name, value]): readonly Problem[] => {
    const at = `${path}.${name}`;
    const parameter = declared[name];
    if (parameter === undefined) {
      const fix = `it has ${Object.keys(declared).join(', ') || 'none'}`;
      return [{ path: at, value, message: `is no parameter of ${step.inputs.DocumentName}`, fix }];
    }
    return sampleValues(value, parameter.type === 'StringList', automation).flatMap((sample) => {
      const broken = brokenRule(parameter, sample);
      if (broken === undefined) return [];
      const message = `would be refused by ${step.inputs.DocumentName} as ${JSON.stringify(sample)}`;
      return [{ path: at, value, message, fix: `${name} ${broken}` }];
    });
  });
  return [...missing, ...wrong];
}

/**
 * The values that a passed parameter is known to have: itself if literal, else one for each known value of the parameter it
 * refers to. Nothing is known of outputs of steps, nor of a parameter without default and allowedValues.
 */
function sampleValues(
  value: string | readonly string[],
  wantsList: boolean,
  automation: AutomationDocument,
): readonly ParameterValue[] {
  if (typeof value !== 'string') {
    if (referencesIn(value, '').length > 0) return [];
    // SSM takes a list of one for a String, as its API passes every value in a list.
    return [wantsList || value.length !== 1 ? value : (value[0] ?? '')];
  }
  const names = [...new Set(referencesIn(value, '').map(({ name }) => name))];
  const samples = names.reduce<readonly string[]>(
    (texts, name) =>
      texts.flatMap((text) =>
        samplesOf(name, automation).map((sample) =>
          text.replaceAll(referencePattern, (whole, found) => (found === name ? sample : whole)),
        ),
      ),
    [value],
  );
  return wantsList ? samples.map((sample) => [sample]) : samples;
}

function samplesOf(name: string, automation: AutomationDocument): readonly string[] {
  if (name === 'automation:EXECUTION_ID') return ['01234567-89ab-cdef-0123-456789abcdef'];
  const parameter = automation.parameters?.[name];
  if (parameter === undefined || parameter.type === 'StringList') return [];
  return knownValues(parameter).map(String);
}
