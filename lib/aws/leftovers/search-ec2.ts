import {
  DescribeAddressesCommand,
  DescribePlacementGroupsCommand,
  paginateDescribeInstances,
  paginateDescribeInternetGateways,
  paginateDescribeLaunchTemplates,
  paginateDescribeNetworkInterfaces,
  paginateDescribeRouteTables,
  paginateDescribeSecurityGroups,
  paginateDescribeSpotInstanceRequests,
  paginateDescribeSubnets,
  paginateDescribeVolumes,
  paginateDescribeVpcs,
  type EC2Client,
  type Instance,
} from '@aws-sdk/client-ec2';
import { expiryTag, latestEnd } from '../../config/tags.ts';
import { utcMinute } from '../../report/units.ts';
import { asked } from '../account/service-failure.ts';
import type { Leftover, LeftoverCost, Search } from './leftover.ts';

const free: LeftoverCost = { kind: 'free' };

function thing(what: string, id: string | undefined, more: Partial<Omit<Leftover, 'what' | 'id'>> = {}): Leftover {
  return { what, id: id ?? '', since: null, cost: free, note: '', ...more };
}

/** Everything that EC2 has with a lab's tag; network interfaces also by being in a VPC with that tag. */
export async function searchEc2(ec2: EC2Client, labName: string): Promise<readonly Search[]> {
  const filters = [{ Name: 'tag:c1mlab:lab', Values: [labName] }];
  const paging = { client: ec2 };
  const vpcs = await search('VPC', false, 'ec2:DescribeVpcs', async () => {
    const found: Leftover[] = [];
    for await (const { Vpcs = [] } of paginateDescribeVpcs(paging, { Filters: filters })) {
      found.push(...Vpcs.map(({ VpcId }) => thing('VPC', VpcId)));
    }
    return found;
  });
  const vpcIds = vpcs.found.known ? vpcs.found.value.map(({ id }) => id) : [];
  const others = await Promise.all([
    search('instance', true, 'ec2:DescribeInstances', async () => {
      const found: Leftover[] = [];
      for await (const { Reservations = [] } of paginateDescribeInstances(paging, { Filters: filters })) {
        const instances = Reservations.flatMap(({ Instances = [] }) => Instances);
        found.push(...instances.filter(({ State }) => State?.Name !== 'terminated').map(instanceLeftover));
      }
      return found;
    }),
    search('disk', true, 'ec2:DescribeVolumes', async () => {
      const found: Leftover[] = [];
      for await (const { Volumes = [] } of paginateDescribeVolumes(paging, { Filters: filters })) {
        for (const { VolumeId, Size = 0, CreateTime = null, State = '' } of Volumes) {
          const note = `${Size} GiB, ${State}`;
          found.push(thing('disk', VolumeId, { since: CreateTime, note, cost: { kind: 'disk', gib: Size } }));
        }
      }
      return found;
    }),
    search('elastic address', true, 'ec2:DescribeAddresses', async () => {
      const { Addresses = [] } = await ec2.send(new DescribeAddressesCommand({ Filters: filters }));
      return Addresses.map(({ AllocationId, PublicIp = '' }) =>
        thing('elastic address', AllocationId ?? PublicIp, { note: PublicIp, cost: { kind: 'address' } }),
      );
    }),
    search('network interface', false, 'ec2:DescribeNetworkInterfaces', () => findInterfaces(ec2, labName, vpcIds)),
    search('spot request', true, 'ec2:DescribeSpotInstanceRequests', async () => {
      const found: Leftover[] = [];
      for await (const { SpotInstanceRequests = [] } of paginateDescribeSpotInstanceRequests(paging, {
        Filters: filters,
      })) {
        for (const { SpotInstanceRequestId, CreateTime = null, State = '' } of SpotInstanceRequests) {
          if (State !== 'open' && State !== 'active') continue;
          const cost: LeftoverCost =
            State === 'open' ? { kind: 'unclear', reason: 'it may start an instance at any time' } : free;
          found.push(thing('spot request', SpotInstanceRequestId, { since: CreateTime, note: State, cost }));
        }
      }
      return found;
    }),
    search('subnet', false, 'ec2:DescribeSubnets', async () => {
      const found: Leftover[] = [];
      for await (const { Subnets = [] } of paginateDescribeSubnets(paging, { Filters: filters })) {
        found.push(...Subnets.map(({ SubnetId }) => thing('subnet', SubnetId)));
      }
      return found;
    }),
    search('security group', false, 'ec2:DescribeSecurityGroups', async () => {
      const found: Leftover[] = [];
      for await (const { SecurityGroups = [] } of paginateDescribeSecurityGroups(paging, { Filters: filters })) {
        found.push(
          ...SecurityGroups.map(({ GroupId, GroupName = '' }) => thing('security group', GroupId, { note: GroupName })),
        );
      }
      return found;
    }),
    search('route table', false, 'ec2:DescribeRouteTables', async () => {
      const found: Leftover[] = [];
      for await (const { RouteTables = [] } of paginateDescribeRouteTables(paging, { Filters: filters })) {
        found.push(...RouteTables.map(({ RouteTableId }) => thing('route table', RouteTableId)));
      }
      return found;
    }),
    search('internet gateway', false, 'ec2:DescribeInternetGateways', async () => {
      const found: Leftover[] = [];
      for await (const { InternetGateways = [] } of paginateDescribeInternetGateways(paging, { Filters: filters })) {
        found.push(...InternetGateways.map(({ InternetGatewayId }) => thing('internet gateway', InternetGatewayId)));
      }
      return found;
    }),
    search('placement group', false, 'ec2:DescribePlacementGroups', async () => {
      const { PlacementGroups = [] } = await ec2.send(new DescribePlacementGroupsCommand({ Filters: filters }));
      return PlacementGroups.filter(({ State }) => State !== 'deleted').map(({ GroupId, GroupName = '' }) =>
        thing('placement group', GroupName === '' ? GroupId : GroupName),
      );
    }),
    search('launch template', false, 'ec2:DescribeLaunchTemplates', async () => {
      const found: Leftover[] = [];
      for await (const { LaunchTemplates = [] } of paginateDescribeLaunchTemplates(paging, { Filters: filters })) {
        for (const { LaunchTemplateId, CreateTime = null } of LaunchTemplates) {
          found.push(thing('launch template', LaunchTemplateId, { since: CreateTime }));
        }
      }
      return found;
    }),
  ]);
  return [...others, vpcs];
}

/** One kind of thing, looked for with a call that may fail. */
export async function search(
  what: string,
  canCost: boolean,
  action: string,
  find: () => Promise<readonly Leftover[]>,
): Promise<Search> {
  return { what, canCost, found: await asked(action, find) };
}

function instanceLeftover(instance: Instance): Leftover {
  const { InstanceId, InstanceType = '', State, LaunchTime = null, PublicIpAddress = '', Tags = [] } = instance;
  const state = State?.Name ?? 'state not known';
  const isBilled = state !== 'stopped' && state !== 'stopping' && state !== 'shutting-down';
  const end = LaunchTime && latestEnd(LaunchTime, Tags.find(({ Key }) => Key === expiryTag)?.Value);
  const ending = end === null || state === 'shutting-down' ? '' : `, ends by ${utcMinute(end.getTime())}`;
  return thing('instance', InstanceId, {
    since: LaunchTime,
    note: `${InstanceType}, ${state}${ending}`,
    cost: isBilled
      ? {
          kind: 'instance',
          instanceType: InstanceType,
          spot: instance.InstanceLifecycle === 'spot',
          addresses: PublicIpAddress === '' ? 0 : 1,
          monitored: instance.Monitoring?.State === 'enabled',
        }
      : free,
  });
}

/** A host's first interface is made by EC2 together with the host, and carries no tag: it is known by its VPC. */
async function findInterfaces(
  ec2: EC2Client,
  labName: string,
  vpcIds: readonly string[],
): Promise<readonly Leftover[]> {
  const found = new Map<string, Leftover>();
  const ways = [
    { Name: 'tag:c1mlab:lab', Values: [labName] },
    { Name: 'vpc-id', Values: [...vpcIds] },
  ];
  for (const filter of ways.filter(({ Values }) => Values.length > 0)) {
    for await (const { NetworkInterfaces = [] } of paginateDescribeNetworkInterfaces(
      { client: ec2 },
      { Filters: [filter] },
    )) {
      for (const { NetworkInterfaceId = '', Status = '' } of NetworkInterfaces) {
        found.set(NetworkInterfaceId, thing('network interface', NetworkInterfaceId, { note: Status }));
      }
    }
  }
  return [...found.values()];
}
