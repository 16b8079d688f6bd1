import { presetWorkload, workloadPresetNames } from '../../assets/loadgen/workload/presets.ts';
import { formatWorkload } from '../../assets/loadgen/workload/workload.ts';
import { hostsOf, type Host } from '../config/hosts.ts';
import type { Lab } from '../config/lab.ts';
import { hostTags } from '../config/host/tags.ts';
import { countPattern, memoryPresets, serverPattern, timeoutPattern, workloadPattern, yesOrNo } from './parameters.ts';
import type { AssertStep, AutomationDocument, RunCommandStep } from './schema/document.ts';
import { hostCommands, type HostCommandName } from './host-commands.ts';

/** Which hosts a step runs on; the values of the tag `c1mlab:target` are `<lab>/server`, `<lab>/load` and, for all, `c1mlab:lab`. */
type Target = 'server' | 'load' | 'all';

const execution = '{{ automation:EXECUTION_ID }}';
const driveTimeout = '{{ DriveTimeoutSeconds }}';

/**
 * How long a host's agent may take to take a command up, in seconds: SSM's own default, an hour, is long for an agent that is
 * offline, and a host that is busy with a million connections may need some time.
 */
const deliverySeconds = 300;

/** The name of a host command's document in this lab. */
export function documentName(lab: Pick<Lab, 'name'>, name: HostCommandName | 'Benchmark'): string {
  return `${lab.name}-${name}`;
}

/** The name of the step that asserts that a host is there. */
function presenceStepName(host: Host): string {
  return `${host.name.replace('-', '')}IsOnline`;
}

/** The host whose presence a step of the Benchmark document asserts; undefined for every other step. */
export function assertedHost(lab: Lab, stepName: string): Host | undefined {
  return hostsOf(lab).find((host) => presenceStepName(host) === stepName);
}

/**
 * Fails unless a host of the lab is there and its agent answers: to SSM a tag that matches no host, or one host too few, is a success.
 * A host that was replaced may be known for a while beside its successor, so only those that are online are asked for.
 */
function presenceStep(lab: Lab, host: Host): AssertStep {
  const tag = 'c1mlab:host';
  return {
    name: presenceStepName(host),
    description: `The host ${host.name} is there, and its SSM agent is online; if not, deploy the lab again`,
    action: 'aws:assertAwsResourceProperty',
    timeoutSeconds: 60,
    onFailure: 'Abort',
    inputs: {
      Service: 'ssm',
      Api: 'DescribeInstanceInformation',
      Filters: [
        { Key: `tag:${tag}`, Values: [hostTags(lab, host)[tag] ?? ''] },
        { Key: 'PingStatus', Values: ['Online'] },
      ],
      // SSM may look for the tag page by page (aws/aws-cli#2626), and only the first page is asserted on: the largest there is.
      MaxResults: 50,
      PropertySelector: '$.InstanceInformationList[0].PingStatus',
      DesiredValues: ['Online'],
    },
  };
}

/** A step that runs a host command, with the document's own parameters but for Run and those given as `own`. */
function step(
  lab: Lab,
  name: string,
  command: HostCommandName,
  target: Target,
  flow: {
    readonly onFailure: 'Abort' | `step:${string}`;
    readonly onCancel?: `step:${string}`;
    readonly isEnd?: boolean;
    /** Whether every host must be reached, whatever the others do. */
    readonly reachesAll?: boolean;
  },
  own: Readonly<Record<string, string>> = {},
): RunCommandStep {
  const targetTag =
    target === 'all'
      ? { Key: 'tag:c1mlab:lab', Values: [lab.name] }
      : { Key: 'tag:c1mlab:target', Values: [`${lab.name}/${target}`] };
  const { parameters, timeoutSeconds } = hostCommands.find((candidate) => candidate.name === command)!;
  const { reachesAll = false, ...jumps } = flow;
  const passed: Readonly<Record<string, string>> = { Run: execution, ...own };
  return {
    name,
    action: 'aws:runCommand',
    // The step waits a minute longer than its script may take, so that it is the script's own time-out that is reported.
    timeoutSeconds: deliverySeconds + timeoutSeconds + 60,
    ...jumps,
    inputs: {
      DocumentName: documentName(lab, command),
      Targets: [targetTag],
      // Every host is asked at once, so one host's failure keeps no other from finishing.
      MaxConcurrency: '100%',
      // A command does not fail before more hosts have than MaxErrors allows (SendCommand, "Using error controls"), and the step
      // goes by the command. Only where nothing depends on the outcome may all of them fail.
      MaxErrors: reachesAll ? '100%' : '0',
      TimeoutSeconds: deliverySeconds,
      Parameters: Object.fromEntries(Object.keys(parameters).map((key) => [key, passed[key] ?? `{{ ${key} }}`])),
    },
  };
}

/**
 * The Automation document (schema 0.3) that is a whole benchmark of one server. Every parameter but Server has a default, so
 * `aws ssm start-automation-execution --document-name C1mLab-Benchmark --parameters Server=netty` is enough. Whatever fails after
 * the hosts were prepared, what was measured is collected and everything is stopped.
 */
export function benchmarkDocument(lab: Lab): AutomationDocument {
  const count = (description: string, byDefault: string) =>
    ({ type: 'String', description, default: byDefault, allowedPattern: countPattern }) as const;
  // A cancelled execution has two minutes for this, wherever it is cancelled from.
  const thenCollect = { onFailure: 'step:collect', onCancel: 'step:collect' } as const;
  const thenStop = { onFailure: 'step:stop', onCancel: 'step:stop' } as const;
  return {
    schemaVersion: '0.3',
    description:
      'Benchmarks one WebSocket server: builds it, opens the connections from the load hosts, drives the workload on them, collects the raw files, and stops everything.',
    assumeRole: '{{ AutomationAssumeRole }}',
    parameters: {
      Server: {
        type: 'String',
        description: 'The server under test: node, go, netty, ...',
        allowedPattern: serverPattern,
      },
      Connections: count('Connections of the whole lab', '1200000'),
      ConnectRate: count('Connections opened a second by the whole lab', '10000'),
      Workload: {
        type: 'String',
        description: `What to run on the connections: ${workloadPresetNames.join(', ')}, or phases separated by commas`,
        default: formatWorkload(presetWorkload('article')),
        allowedPattern: workloadPattern,
      },
      DriveTimeoutSeconds: {
        type: 'String',
        description: 'Seconds after which the workload is ended; it is refused when it takes longer',
        default: '1800',
        allowedPattern: timeoutPattern,
      },
      ServerProcesses: count('Server processes, on consecutive ports', '1'),
      LoadProcesses: count('Load processes on each load host', '8'),
      AutomationAssumeRole: {
        type: 'String',
        description: 'The role to run under, for schedules; empty: with the rights of whoever starts it',
        default: '',
        allowedPattern: '^(arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512})?$',
      },
      MemoryPreset: {
        type: 'String',
        description: 'Memory flags of the server, as its server.json names them',
        default: 'modern',
        allowedValues: memoryPresets,
      },
      Tls: {
        type: 'String',
        description: 'yes: connections are secured with TLS (the server must be one that says tls: true)',
        default: 'no',
        allowedValues: yesOrNo,
      },
      Deflate: {
        type: 'String',
        description: 'yes: messages may be compressed (the server must be one that says deflate: true)',
        default: 'no',
        allowedValues: yesOrNo,
      },
    },
    outputs: ['ramp.Output', 'drive.Output'],
    mainSteps: [
      ...hostsOf(lab).map((host) => presenceStep(lab, host)),
      step(lab, 'buildServer', 'Build', 'server', { onFailure: 'Abort' }, { Component: 'servers/{{ Server }}' }),
      step(lab, 'buildLoad', 'Build', 'load', { onFailure: 'Abort' }, { Component: 'loadgen' }),
      step(lab, 'prepare', 'Prepare', 'all', thenCollect),
      step(lab, 'start', 'Start', 'server', thenCollect),
      step(lab, 'ramp', 'Ramp', 'load', thenCollect),
      step(lab, 'drive', 'Drive', 'load', thenCollect, { Part: 'first', TimeoutSeconds: driveTimeout }),
      // Hosts have no channel between them: the steps are what they wait for. Without a restart these two return at once.
      step(lab, 'restart', 'Restart', 'server', thenCollect),
      step(lab, 'resume', 'Drive', 'load', thenCollect, { Part: 'rest', TimeoutSeconds: driveTimeout }),
      step(lab, 'collect', 'Collect', 'all', { ...thenStop, reachesAll: true }),
      step(lab, 'stop', 'Stop', 'all', { onFailure: 'Abort', isEnd: true, reachesAll: true }),
    ],
  };
}
