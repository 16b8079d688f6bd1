import type { Lab } from '../config/lab.ts';
import { benchmarkDocument, documentName } from './benchmark.ts';
import type { AutomationDocument, CommandDocument } from './schema/document.ts';
import { commandDocument, hostCommands } from './host-commands.ts';

/** A document with the name it has in the account. */
export type LabDocument =
  | { readonly name: string; readonly type: 'Command'; readonly content: CommandDocument }
  | { readonly name: string; readonly type: 'Automation'; readonly content: AutomationDocument };

/** All documents of a lab: what the stack installs and what the local lab executes. */
export function documentsOf(lab: Lab): readonly LabDocument[] {
  const commands = hostCommands.map((command): LabDocument => ({
    name: documentName(lab, command.name),
    type: 'Command',
    content: commandDocument(command),
  }));
  return [...commands, { name: documentName(lab, 'Benchmark'), type: 'Automation', content: benchmarkDocument(lab) }];
}
