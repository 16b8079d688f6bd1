import { instanceTypeFacts } from '../config/instance-types.ts';
import { maxServerProcesses } from '../config/hosts.ts';
import {
  fitOf,
  generatorBytesPerConnection,
  kernelBytesPerConnection,
  plannableShare,
  portsPerAddress,
} from '../config/lab-fit.ts';
import { LabError } from '../config/lab-error.ts';
import type { Lab, LabInput } from '../config/lab.ts';
import { labOf, type PresetName } from '../config/presets.ts';
import type { ServerDescription } from '../config/servers.ts';
import {
  broadcastWireBytes,
  connectionsPerProcess,
  connectRate,
  generatorSecondsPerConnection,
  messagesPerSecond,
  rawBytesPerHostSecond,
  secondsBesideRamp,
  serverSecondsPerConnection,
} from './figures.ts';

/** A lab file's content: a preset with settings of its own laid over it. */
type LabFile = LabInput & { readonly preset: PresetName };

/** One way to hold so many connections: a number of equal labs. */
export interface ScalePlan {
  /** What is special about this way. */
  readonly title: string;
  readonly lab: Lab;
  /** What to write into a lab file for it. */
  readonly labFile: LabFile;
  /** How many such labs, each a stack of its own. */
  readonly labs: number;
  /** Of one lab. */
  readonly connections: number;
  readonly serverProcesses: number;
  readonly connectionsPerLoadHost: number;
  /** Source addresses of one load host, the primary one apart. */
  readonly addressesPerLoadHost: number;
  readonly serverMemory: Memory;
  readonly loadMemory: Memory;
  /** Of all labs together. */
  readonly vcpus: number;
  readonly hosts: number;
  /** All labs begin at once. */
  readonly rampSeconds: number;
  /** Processors that are busy during the ramp: on the server host, on one load host. */
  readonly serverProcessors: number;
  readonly loadProcessors: number;
  readonly broadcastSeconds: number;
  /** Bytes that one server host sends for a broadcast. */
  readonly broadcastBytes: number;
  /** Raw files of one measurement, all labs together. */
  readonly rawBytes: number;
}

/** Memory of one host, bytes. */
export interface Memory {
  readonly needed: number;
  readonly plannable: number;
}

/** What is asked of a plan. */
export interface ScaleQuestion {
  readonly connections: number;
  readonly preset: PresetName;
  /** What a lab file lays over the preset. @default - nothing */
  readonly settings?: LabInput;
  readonly server: ServerDescription;
}

const gib = 2 ** 30;
/** Load hosts below this size have been tried by nobody. */
const leastLoadVcpus = 8;
const maxLoadHosts = 50;
const maxSecondaryAddresses = 49;

const sizes = ['2xlarge', '4xlarge', '8xlarge', '12xlarge', '16xlarge', '24xlarge', '32xlarge', '48xlarge', '96xlarge'];

function labFileOf({ preset, settings = {} }: ScaleQuestion): LabFile {
  return { ...settings, preset };
}

/** Families of the same generation and maker, those with the least memory a vCPU first. */
function familiesOf(lab: Lab): readonly string[] {
  const [family = ''] = lab.server.instanceType.split('.');
  const generation = family.slice(1);
  return ['c', 'm', 'r'].map((letter) => letter + generation);
}

/**
 * The ways to hold so many connections, by arithmetic: one lab with hosts as large as it takes, where there are such hosts; and as many
 * labs of the preset's (or the lab file's) own hosts as it takes. They are the same when one such lab is enough. Throws LabError
 * `usage` for a lab file that does not fit its own hosts, or whose types are not known here.
 */
export function planScale(question: ScaleQuestion): readonly ScalePlan[] {
  checkBase(labOf(labFileOf(question), 'the lab file'));
  const several = planPresetLabs(question);
  const one = several.labs === 1 ? undefined : planOneLab(question);
  return one === undefined ? [several] : [one, several];
}

/** A plan needs types whose limits the lab's table holds, and a lab that could be deployed. */
function checkBase(base: Lab): void {
  const unknown = [base.server.instanceType, base.load.instanceType].find((type) => !instanceTypeFacts(type));
  if (unknown !== undefined) {
    throw new LabError(
      'usage',
      `the limits of ${unknown} are unknown here, so it cannot be used for planning`,
      'name a type from the table in lib/config/instance-types.ts',
    );
  }
  const { errors } = fitOf(base);
  if (errors.length > 0) throw new LabError('usage', errors.join('; '), 'correct the lab file');
}

function planPresetLabs(question: ScaleQuestion): ScalePlan {
  const { connections, server, settings } = question;
  const labFile = labFileOf(question);
  const base = labOf(labFile, 'the lab file');
  const bytes = kernelBytesPerConnection + server.expected.bytesPerConnection;
  const plannable = (instanceTypeFacts(base.server.instanceType)?.memoryGiB ?? 0) * gib * plannableShare;
  // As many as the preset is made for, or what the server's memory takes if that is less.
  const most = Math.min(base.connections, Math.floor((plannable - server.expected.baseBytes) / bytes));
  if (most < 1) {
    throw new LabError(
      'usage',
      `${base.server.instanceType} does not have enough memory for ${server.name} itself`,
      'name a larger size as server.instanceType',
    );
  }
  const labs = Math.ceil(connections / most);
  const whose = settings === undefined ? 'the preset' : 'the lab file';
  const title = labs === 1 ? `${whose} as it is` : `${labs} labs of ${whose}'s own hosts, side by side`;
  return planOf(title, question, { ...labFile, connections: Math.ceil(connections / labs) }, labs);
}

/** Undefined when no server host of the generation is large enough, or no 50 load hosts are. */
function planOneLab(question: ScaleQuestion): ScalePlan | undefined {
  const { connections, server } = question;
  const labFile = labFileOf(question);
  const families = familiesOf(labOf(labFile, 'the lab file'));
  const processes = Math.ceil(connections / perProcess(server));
  if (processes > maxServerProcesses) return undefined;
  const serverBytes =
    connections * (kernelBytesPerConnection + server.expected.bytesPerConnection) +
    processes * server.expected.baseBytes;
  const serverType = smallest(families, (memory) => memory >= serverBytes, 1, 16);
  if (serverType === undefined) return undefined;
  for (const size of sizes) {
    const type = `${families[0] ?? ''}.${size}`;
    const facts = instanceTypeFacts(type);
    if (facts === undefined || facts.vcpus < leastLoadVcpus) continue;
    const addresses = Math.min(maxSecondaryAddresses, facts.addressesPerInterface - 1);
    const byMemory = Math.floor(
      (facts.memoryGiB * gib * plannableShare) / (kernelBytesPerConnection + generatorBytesPerConnection),
    );
    const hosts = Math.ceil(connections / Math.min(byMemory, addresses * portsPerAddress));
    if (hosts > maxLoadHosts) continue;
    const secondaryAddresses = Math.ceil(connections / hosts / portsPerAddress);
    return planOf(
      'one lab, hosts as large as it takes',
      question,
      {
        ...labFile,
        connections,
        server: { ...labFile.server, instanceType: serverType },
        load: { ...labFile.load, instanceType: type, hosts, secondaryAddresses },
      },
      1,
    );
  }
  return undefined;
}

function smallest(
  families: readonly string[],
  isEnough: (plannableBytes: number) => boolean,
  interfaces: number,
  leastVcpus: number,
): string | undefined {
  return sizes
    .flatMap((size) => families.map((family) => `${family}.${size}`))
    .find((type) => {
      const facts = instanceTypeFacts(type);
      return (
        facts !== undefined &&
        facts.interfaces >= interfaces &&
        facts.vcpus >= leastVcpus &&
        isEnough(facts.memoryGiB * gib * plannableShare)
      );
    });
}

function perProcess(server: ServerDescription): number {
  return Math.min(connectionsPerProcess, server.singleProcessConnections ?? Number.POSITIVE_INFINITY);
}

function planOf(title: string, { server }: ScaleQuestion, labFile: ScalePlan['labFile'], labs: number): ScalePlan {
  const lab = labOf(labFile, 'the plan');
  const { connections } = lab;
  const { errors } = fitOf(lab);
  if (errors.length > 0) throw new Error(`a lab was planned that does not fit: ${errors.join('; ')}`);
  const serverProcesses = Math.ceil(connections / perProcess(server));
  const perLoadHost = Math.ceil(connections / lab.load.hosts);
  const serverFacts = instanceTypeFacts(lab.server.instanceType);
  const loadFacts = instanceTypeFacts(lab.load.instanceType);
  const rampSeconds = connections / connectRate;
  const hosts = 1 + lab.load.hosts;
  return {
    title,
    lab,
    labFile,
    labs,
    connections,
    serverProcesses,
    connectionsPerLoadHost: perLoadHost,
    addressesPerLoadHost: lab.load.secondaryAddresses,
    serverMemory: {
      needed:
        connections * (kernelBytesPerConnection + server.expected.bytesPerConnection) +
        serverProcesses * server.expected.baseBytes,
      plannable: (serverFacts?.memoryGiB ?? 0) * gib * plannableShare,
    },
    loadMemory: {
      needed: perLoadHost * (kernelBytesPerConnection + generatorBytesPerConnection),
      plannable: (loadFacts?.memoryGiB ?? 0) * gib * plannableShare,
    },
    vcpus: labs * ((serverFacts?.vcpus ?? 0) + lab.load.hosts * (loadFacts?.vcpus ?? 0)),
    hosts: labs * hosts,
    rampSeconds,
    serverProcessors: connectRate * serverSecondsPerConnection,
    loadProcessors: (connectRate / lab.load.hosts) * generatorSecondsPerConnection,
    broadcastSeconds: connections / messagesPerSecond,
    broadcastBytes: connections * broadcastWireBytes,
    rawBytes: labs * hosts * (rampSeconds + secondsBesideRamp) * rawBytesPerHostSecond,
  };
}
