import { isCommandDocument, type NamedDocument } from '../../documents/schema/document.ts';
import type { AutomationDocument, CommandDocument } from '../../documents/schema/document.ts';
import { isExecutionOver, type Execution } from './automation/execution.ts';
import type { Clock } from './clock.ts';
import { isOver, type Command } from './commands/command.ts';
import type { SsmHost } from './ssm-host.ts';
import { createStore, type Store } from './store.ts';

/** What a local SSM is made of. */
export interface SsmOptions {
  readonly documents: readonly NamedDocument[];
  readonly hosts: readonly SsmHost[];
  /** Names of the documents whose scripts run with network `management`: a build needs the internet, the load network has none. */
  readonly managementDocuments?: ReadonlySet<string>;
  /** Default us-east-1. */
  readonly region?: string;
  readonly clock?: Clock;
}

/** The state of a local SSM, which the actions work on. */
export interface Service extends Required<SsmOptions> {
  readonly commands: Store<Command>;
  readonly executions: Store<Execution>;
  /** What still runs; each promise ends by itself and never rejects. */
  readonly running: Set<Promise<void>>;
}

/** An action of the API: takes the parsed body of a request and gives that of the answer. */
export type Action = (service: Service, body: unknown) => object;

/** How many commands and executions are remembered at least. */
const rememberedItems = 1000;

/** A local SSM at rest. */
export function createService(options: SsmOptions, clock: Clock): Service {
  return {
    managementDocuments: new Set(),
    region: 'us-east-1',
    ...options,
    clock,
    commands: createStore(rememberedItems, ({ status }: Command) => isOver(status)),
    executions: createStore(rememberedItems, isExecutionOver),
    running: new Set(),
  };
}

/** Keeps a promise among what runs until it is settled. */
export function track(service: Service, work: Promise<void>): Promise<void> {
  service.running.add(work);
  void work.finally(() => service.running.delete(work));
  return work;
}

/** The Command document of a name, if there is one. */
export function findCommandDocument(service: Service, name: string): CommandDocument | undefined {
  const content = service.documents.find((document) => document.name === name)?.content;
  return content !== undefined && isCommandDocument(content) ? content : undefined;
}

/** The Automation document of a name, if there is one. */
export function findAutomationDocument(service: Service, name: string): AutomationDocument | undefined {
  const content = service.documents.find((document) => document.name === name)?.content;
  return content !== undefined && !isCommandDocument(content) ? content : undefined;
}

/** Seconds since 1970 with fractions: how timestamps stand in the API's JSON. */
export function seconds(millis: number): number {
  return millis / 1000;
}
