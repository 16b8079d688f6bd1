import type { AutomationDocument } from './automation-document.ts';
import type { CommandDocument } from './command-document.ts';

/** A document of the lab; `schemaVersion` tells the kinds apart. */
export type Document = CommandDocument | AutomationDocument;

/** A document with the name it is installed under. */
export interface NamedDocument {
  readonly name: string;
  readonly content: Document;
}

/** Whether a document is of type Command (else it is of type Automation). */
export function isCommandDocument(document: Document): document is CommandDocument {
  return document.schemaVersion === '2.2';
}
