import type { CommandParameter } from './schema/document.ts';

/**
 * The parameters that the documents share. Each one reaches a script as the environment variable `SSM_<Name>` and never as text
 * in a command line; its pattern admits nothing that a shell would read.
 */
const textParameter = (description: string, allowedPattern: string): CommandParameter => ({
  type: 'String',
  description,
  allowedPattern,
  interpolationType: 'ENV_VAR',
});

/** A whole number from 1 up to nine digits; a leading zero would be octal to the shell. */
export const countPattern = '^[1-9][0-9]{0,8}$';
/**
 * A workload: words of which each is a name or field=value, phases separated by commas. No character of it means anything to a shell.
 * The length is SSM's own limit for a value.
 */
export const workloadPattern =
  '^[a-z][a-z0-9-]{0,30}( [a-z]{1,20}=[A-Za-z0-9.%/]{1,20})*(, ?[a-z]{1,30}( [a-z]{1,20}=[A-Za-z0-9.%/]{1,20})*)*$';
/** Seconds from 10 to 99 999, within what the agent takes for a time-out (5 to 172 800; it reads anything else as 3 600). */
export const timeoutPattern = '^[1-9][0-9]{1,4}$';
/** A measurement: the id of an execution, or any other word. */
const runPattern = '^[A-Za-z0-9-]{1,64}$';
/** The name of a server: a folder of assets/servers. */
export const serverPattern = '^[a-z][a-z0-9-]{0,62}$';
export const yesOrNo = ['no', 'yes'];
export const memoryPresets = ['article', 'modern', 'small'];

export const parameters = {
  run: textParameter('The measurement, the id of the automation execution that asks', runPattern),
  runOrAny: {
    ...textParameter('Only if the host is prepared for this measurement; any: whatever runs', runPattern),
    default: 'any',
  },
  component: textParameter('What to build: loadgen, or servers/<name>', '^(loadgen|servers/[a-z][a-z0-9-]{0,62})$'),
  server: textParameter('The server under test, a folder of assets/servers', serverPattern),
  serverProcesses: textParameter('Server processes, on consecutive ports', countPattern),
  loadProcesses: textParameter('Load processes on each load host', countPattern),
  connections: textParameter('Connections of the whole lab', countPattern),
  connectRate: textParameter('Connections opened a second by the whole lab', countPattern),
  workload: textParameter('What happens on the connections: a preset, or phases separated by commas', workloadPattern),
  part: {
    type: 'String',
    description: 'Up to a restart of the server, or from there on; a workload without one has no rest',
    allowedValues: ['first', 'rest'],
    interpolationType: 'ENV_VAR',
  },
  // No environment variable: the agent must find its value in the document. It is digits, and nothing else.
  timeoutSeconds: {
    type: 'String',
    description: 'Seconds after which the agent ends the script',
    allowedPattern: timeoutPattern,
  },
  tls: {
    type: 'String',
    description: 'yes: connections are secured with TLS, by a key that the server host makes',
    allowedValues: yesOrNo,
    interpolationType: 'ENV_VAR',
  },
  deflate: {
    type: 'String',
    description: 'yes: messages may be compressed (permessage-deflate, without context takeover)',
    allowedValues: yesOrNo,
    interpolationType: 'ENV_VAR',
  },
  memoryPreset: {
    type: 'String',
    description: 'The memory preset of server.json',
    allowedValues: memoryPresets,
    interpolationType: 'ENV_VAR',
  },
} as const satisfies Record<string, CommandParameter>;
