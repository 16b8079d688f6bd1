import { brokenRule } from './broken-rule.ts';
import { isCommandDocument, type Document, type NamedDocument, type Parameter } from './document.ts';
import type { Problem } from './problem.ts';
import { patternProblem } from './rules/pattern-problem.ts';
import { validateAutomationDocument } from './rules/validate-automation-document.ts';
import { validateCommandDocument } from './rules/validate-command-document.ts';

/** The most that SSM stores of a document, in bytes of JSON. */
const maxDocumentBytes = 65_536;

/**
 * Everything that is wrong with a document and that neither its type nor cfn-lint sees; empty when it may be installed. SSM too
 * accepts a jump to nowhere or a default that its own pattern refuses, and fails in the middle of a run. `documents` are the
 * lab's others, so that what an Automation document passes to a Command document can be checked.
 */
export function validateDocument(
  name: string,
  document: Document,
  documents: readonly NamedDocument[] = [],
): readonly Problem[] {
  return [
    ...validateName(name),
    ...validateSize(document),
    ...Object.entries(document.parameters ?? {}).flatMap((entry) => validateParameter(...entry)),
    ...(isCommandDocument(document)
      ? validateCommandDocument(document)
      : validateAutomationDocument(document, documents)),
  ];
}

function validateName(name: string): readonly Problem[] {
  // botocore's model (DocumentName) and CreateDocument's reserved prefixes.
  if (/^[A-Za-z0-9_.-]{3,128}$/.test(name) && !/^(aws|amazon|amzn)/i.test(name)) return [];
  const fix = 'use 3 to 128 letters, digits, dots, hyphens and underscores, not beginning with aws, amazon or amzn';
  return [{ path: 'name', value: name, message: 'is no name for a document', fix }];
}

function validateSize(document: Document): readonly Problem[] {
  const bytes = Buffer.byteLength(JSON.stringify(document));
  if (bytes <= maxDocumentBytes) return [];
  const fix = `SSM takes ${maxDocumentBytes}; move script lines into a file of the assets`;
  return [{ path: '', value: bytes, message: 'bytes of JSON are too many', fix }];
}

function validateParameter(name: string, parameter: Parameter): readonly Problem[] {
  const path = `parameters.${name}`;
  const problems: Problem[] = [];
  if (!/^[A-Za-z0-9]+$/.test(name)) {
    const fix = 'use letters and digits only';
    problems.push({ path: 'parameters', value: name, message: 'is no name for a parameter', fix });
  }
  const { allowedPattern, default: byDefault } = parameter;
  const problem = allowedPattern === undefined ? undefined : patternProblem(allowedPattern);
  if (problem !== undefined) problems.push({ path: `${path}.allowedPattern`, value: allowedPattern, ...problem });
  const broken = byDefault === undefined ? undefined : brokenRule(parameter, byDefault);
  if (broken !== undefined) {
    const message = 'breaks the rules of its own parameter';
    problems.push({ path: `${path}.default`, value: byDefault, message, fix: `it ${broken}` });
  }
  return problems;
}
