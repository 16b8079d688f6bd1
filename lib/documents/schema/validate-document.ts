import * as v from 'valibot';
import { automationDocumentSchema } from './automation-document.ts';
import { commandDocumentSchema } from './command-document.ts';
import { isCommandDocument, type Document, type NamedDocument } from './document.ts';
import type { Problem } from './problem.ts';
import { validateAutomationDocument } from './rules/validate-automation-document.ts';
import { validateCommandDocument } from './rules/validate-command-document.ts';
import { validateParameters } from './rules/validate-parameters.ts';

/** The most that SSM stores of a document, in bytes of JSON. */
const maxDocumentBytes = 65_536;

/**
 * Everything that is wrong with a document, in the order of its text; empty when it may be installed. Goes further than SSM, which
 * accepts a jump to nowhere or a default that its own pattern refuses and fails in the middle of a run. `documents` are the
 * lab's others, so that what an Automation document passes to a Command document can be checked.
 */
export function validateDocument(
  name: string,
  document: Document,
  documents: readonly NamedDocument[] = [],
): readonly Problem[] {
  const shape = validateShape(document);
  if (shape.length > 0) return [...validateName(name), ...shape];
  return [
    ...validateName(name),
    ...validateSize(document),
    ...validateParameters(document.parameters ?? {}),
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

function validateShape(document: Document): readonly Problem[] {
  const schema = isCommandDocument(document) ? commandDocumentSchema : automationDocumentSchema;
  const result = v.safeParse(schema, document);
  return (result.issues ?? []).map((issue) => ({
    path: v.getDotPath(issue)?.replaceAll(/\.(\d+)/g, '[$1]') ?? '',
    value: issue.input,
    message: 'does not fit the subset of SSM that the lab uses',
    fix: issue.message,
  }));
}
