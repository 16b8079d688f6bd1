import {
  paginateDescribeInstances,
  paginateDescribeVolumes,
  paginateDescribeVpcEndpoints,
  type Instance,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2';
import { expiryTag, latestEnd } from '../../config/host/tags.ts';
import type { AwsClients } from '../account/aws-access.ts';
import { callOrThrow } from '../account/service-failure.ts';
import type { Billed, HostGroup } from './lab-price.ts';

/** A host of a deployed lab that is not terminated. */
export interface BilledHost {
  readonly instanceId: string;
  readonly name: string;
  readonly instanceType: string;
  readonly purchase: 'on-demand' | 'spot';
  readonly state: string;
  readonly zone: string;
  readonly launched: Date;
  readonly hasPublicAddress: boolean;
  readonly monitored: boolean;
  /** When it is terminated from outside at the latest; null when it has no expiry tag. */
  readonly endsBy: Date | null;
}

/** A disk of a deployed lab. */
export interface BilledDisk {
  readonly volumeId: string;
  readonly gib: number;
  readonly created: Date;
}

/** A VPC endpoint of a deployed lab. */
export interface BilledEndpoint {
  readonly endpointId: string;
  readonly service: string;
  readonly state: string;
  readonly created: Date;
  /** Interfaces are billed by the hour, gateways are free (AWS PrivateLink pricing). */
  readonly isInterface: boolean;
}

/** What of a lab runs up costs by the hour. */
export interface BilledLab {
  readonly hosts: readonly BilledHost[];
  readonly disks: readonly BilledDisk[];
  readonly endpoints: readonly BilledEndpoint[];
}

/** States in which an instance is there. */
const presentStates = ['pending', 'running', 'stopping', 'stopped', 'shutting-down'];

/** Finds a lab's hosts, disks and endpoints by its tag. Throws LabError `environment` when EC2 does not say. */
export async function findBilled({ ec2 }: AwsClients, labName: string): Promise<BilledLab> {
  const ofLab = { Name: 'tag:c1mlab:lab', Values: [labName] };
  const hosts = await callOrThrow('ec2:DescribeInstances', async () => {
    const found: BilledHost[] = [];
    const filters = [ofLab, { Name: 'instance-state-name', Values: presentStates }];
    for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2 }, { Filters: filters })) {
      found.push(...Reservations.flatMap(({ Instances = [] }) => Instances.map(hostOf)));
    }
    return found;
  });
  const disks = await callOrThrow('ec2:DescribeVolumes', async () => {
    const found: BilledDisk[] = [];
    for await (const { Volumes = [] } of paginateDescribeVolumes({ client: ec2 }, { Filters: [ofLab] })) {
      for (const { VolumeId = '', Size = 0, CreateTime = new Date(0) } of Volumes) {
        found.push({ volumeId: VolumeId, gib: Size, created: CreateTime });
      }
    }
    return found;
  });
  const endpoints = await callOrThrow('ec2:DescribeVpcEndpoints', async () => {
    const found: BilledEndpoint[] = [];
    for await (const { VpcEndpoints = [] } of paginateDescribeVpcEndpoints({ client: ec2 }, { Filters: [ofLab] })) {
      found.push(...VpcEndpoints.map(endpointOf).filter(({ state }) => state !== 'deleted'));
    }
    return found;
  });
  return { hosts: hosts.sort((a, b) => (a.name < b.name ? -1 : 1)), disks, endpoints };
}

/** What a deployed lab is billed for in an hour; a stopped host costs its disk only. */
export function billedNow({ hosts, disks, endpoints }: BilledLab): Billed {
  const running = hosts.filter(isBilled);
  const groups = new Map<string, HostGroup>();
  for (const { instanceType, purchase } of running) {
    const key = `${instanceType} ${purchase}`;
    groups.set(key, { instanceType, purchase, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  return {
    hosts: [...groups.values()],
    diskGib: disks.reduce((sum, { gib }) => sum + gib, 0),
    publicAddresses: running.filter(({ hasPublicAddress }) => hasPublicAddress).length,
    monitoredHosts: running.filter(({ monitored }) => monitored).length,
    interfaceEndpoints: endpoints.filter(({ isInterface }) => isInterface).length,
  };
}

/** EC2 bills instances from `pending` on until they stop. */
export function isBilled({ state }: BilledHost): boolean {
  return state === 'pending' || state === 'running';
}

function hostOf(instance: Instance): BilledHost {
  const { InstanceId = '', Tags = [], InstanceType = '', LaunchTime = new Date(0) } = instance;
  return {
    instanceId: InstanceId,
    name: Tags.find(({ Key }) => Key === 'Name')?.Value ?? InstanceId,
    instanceType: InstanceType,
    purchase: instance.InstanceLifecycle === 'spot' ? 'spot' : 'on-demand',
    state: instance.State?.Name ?? 'unknown',
    zone: instance.Placement?.AvailabilityZone ?? '',
    launched: LaunchTime,
    hasPublicAddress: instance.PublicIpAddress !== undefined && instance.PublicIpAddress !== '',
    monitored: instance.Monitoring?.State === 'enabled',
    endsBy: latestEnd(LaunchTime, Tags.find(({ Key }) => Key === expiryTag)?.Value),
  };
}

function endpointOf(endpoint: VpcEndpoint): BilledEndpoint {
  const { VpcEndpointId = '', ServiceName = '', State = '', CreationTimestamp = new Date(0) } = endpoint;
  return {
    endpointId: VpcEndpointId,
    service: ServiceName,
    state: State.toLowerCase(),
    created: CreationTimestamp,
    isInterface: endpoint.VpcEndpointType !== 'Gateway',
  };
}
