import { isCommandDocument, type NamedDocument } from '../../documents/schema/document.ts';
import type { AutomationDocument } from '../../documents/schema/automation-document.ts';
import type { CommandDocument } from '../../documents/schema/command-document.ts';
import { isExecutionOver, type Execution } from './automation/execution.ts';
import type { Clock } from './clock.ts';
import { isOver, type Command } from './commands/command.ts';
import type { CommandContext } from './commands/execute-command.ts';
import type { SsmHost } from './ssm-host.ts';
import { createStore, type Store } from './store.ts';
import { createWorkers, type Workers } from './workers.ts';

/** What a local SSM is made of. */
export interface SsmOptions {
  readonly documents: readonly NamedDocument[];
  readonly hosts: readonly SsmHost[];
  /** Names of the documents whose scripts run with network `management`: a build needs the internet, the load network has none. */
  readonly managementDocuments?: ReadonlySet<string>;
  /** Twelve digits; default 123456789012. */
  readonly accountId?: string;
  /** Default us-east-1. */
  readonly region?: string;
  readonly clock?: Clock;
}

/** The state of a local SSM, which the actions work on. */
export interface Service {
  readonly documents: readonly NamedDocument[];
  readonly hosts: readonly SsmHost[];
  readonly accountId: string;
  readonly region: string;
  readonly clock: Clock;
  readonly createdAt: number;
  readonly commands: Store<Command>;
  readonly executions: Store<Execution>;
  readonly commandContext: CommandContext;
  /** The executions that may run at once. */
  readonly automationWorkers: Workers;
  /** What still runs; each promise ends by itself and never rejects. */
  readonly running: Set<Promise<void>>;
}

/** How many commands an agent works on at once: CommandWorkersLimit in its configuration, 5 by default. Cancelling needs no place. */
const commandWorkersLimit = 5;
/** How many executions an account runs at once; others wait as Pending. */
const concurrentExecutions = 100;

/** How many commands and executions are remembered at least. */
const rememberedItems = 1000;

/** A local SSM at rest. */
export function createService(options: SsmOptions, clock: Clock): Service {
  const agents = new Map<SsmHost, Workers>(options.hosts.map((host) => [host, createWorkers(commandWorkersLimit)]));
  const region = options.region ?? 'us-east-1';
  return {
    documents: options.documents,
    hosts: options.hosts,
    accountId: options.accountId ?? '123456789012',
    region,
    clock,
    createdAt: clock.now(),
    commands: createStore(rememberedItems, ({ status }: Command) => isOver(status)),
    executions: createStore(rememberedItems, isExecutionOver),
    commandContext: {
      clock,
      region,
      managementDocuments: options.managementDocuments ?? new Set(),
      workersOf: (host) => agents.get(host) ?? createWorkers(commandWorkersLimit),
    },
    automationWorkers: createWorkers(concurrentExecutions),
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
