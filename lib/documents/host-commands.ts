import { parameters } from './parameters.ts';
import type { CommandDocument, CommandParameter } from './schema/document.ts';

/** A command that every host has: a Command document that calls the script of that name in assets/host. */
interface HostCommand {
  /** The document is called `<lab>-<name>`. */
  readonly name: string;
  /** The script in assets/host. */
  readonly script: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, CommandParameter>>;
  /** How long the script may take, at most; what it waits for has shorter deadlines of its own. */
  readonly timeoutSeconds: number;
  /** The parameter that says how long it may take this time, which the script gets as its argument. */
  readonly timeoutParameter?: string;
}

/** Every host command, in the order in which a benchmark uses them. */
export const hostCommands = [
  {
    name: 'Build',
    script: 'build',
    description: 'Builds a server or the load generator on the host, unless it is built already',
    parameters: { Component: parameters.component },
    timeoutSeconds: 3600,
  },
  {
    name: 'Prepare',
    script: 'prepare',
    description: 'Checks the tuning of the host, value by value, and starts to sample it',
    parameters: { Run: parameters.run },
    timeoutSeconds: 300,
  },
  {
    name: 'Start',
    script: 'start',
    description: 'Starts the server under test and waits until every process of it listens',
    parameters: {
      Run: parameters.run,
      Server: parameters.server,
      ServerProcesses: parameters.serverProcesses,
      MemoryPreset: parameters.memoryPreset,
      Tls: parameters.tls,
      Deflate: parameters.deflate,
    },
    timeoutSeconds: 600,
  },
  {
    name: 'Ramp',
    script: 'ramp',
    description: 'Opens the connections of this load host and holds them',
    parameters: {
      Run: parameters.run,
      Connections: parameters.connections,
      ServerProcesses: parameters.serverProcesses,
      LoadProcesses: parameters.loadProcesses,
      ConnectRate: parameters.connectRate,
      Tls: parameters.tls,
      Deflate: parameters.deflate,
    },
    timeoutSeconds: 7200,
  },
  {
    name: 'Drive',
    script: 'drive',
    description: 'Runs the workload on the connections that are held: its phases, in order',
    parameters: {
      Run: parameters.run,
      Workload: parameters.workload,
      Part: parameters.part,
      TimeoutSeconds: parameters.timeoutSeconds,
    },
    timeoutSeconds: 99_999,
    timeoutParameter: 'TimeoutSeconds',
  },
  {
    name: 'Restart',
    script: 'restart',
    description: 'Kills the server under test and starts it again, where the workload asks for it',
    parameters: {
      Run: parameters.run,
      Workload: parameters.workload,
      Server: parameters.server,
      ServerProcesses: parameters.serverProcesses,
      MemoryPreset: parameters.memoryPreset,
      Tls: parameters.tls,
      Deflate: parameters.deflate,
    },
    timeoutSeconds: 660,
  },
  {
    name: 'Status',
    script: 'status',
    description: 'Prints what the host is doing now, as one line of JSON',
    parameters: { Run: parameters.run },
    timeoutSeconds: 30,
  },
  {
    name: 'Collect',
    script: 'collect',
    description: "Uploads the host's raw files to the lab's results",
    parameters: { Run: parameters.run },
    timeoutSeconds: 1800,
  },
  {
    name: 'Stop',
    script: 'stop',
    description: 'Ends the server, the load generator and the sampler on the host',
    parameters: { Run: parameters.runOrAny },
    timeoutSeconds: 300,
  },
] as const satisfies readonly HostCommand[];

export type HostCommandName = (typeof hostCommands)[number]['name'];

/**
 * The time-out of Drive for a workload of so many seconds: ten minutes more, for the last broadcast to arrive everywhere. A load host
 * that dies meanwhile keeps its execution until then, since SSM never hears how the script went.
 */
export function driveTimeoutSeconds(workloadSeconds: number): number {
  return Math.ceil(workloadSeconds) + 600;
}

/** The Command document of a host command (schema 2.2): a few lines that call a script which came with the assets. */
export function commandDocument(command: HostCommand): CommandDocument {
  const timeout = command.timeoutParameter === undefined ? undefined : `{{ ${command.timeoutParameter} }}`;
  const script = `exec /opt/c1mlab/assets/host/${command.script}`;
  return {
    schemaVersion: '2.2',
    description: `${command.description}.`,
    parameters: command.parameters,
    mainSteps: [
      {
        name: command.script,
        action: 'aws:runShellScript',
        precondition: { StringEquals: ['platformType', 'Linux'] },
        inputs: {
          timeoutSeconds: timeout ?? String(command.timeoutSeconds),
          runCommand: [timeout === undefined ? script : `${script} ${timeout}`],
        },
      },
    ],
  };
}
