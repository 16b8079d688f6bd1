import {
  paginateDescribeNetworkInterfaces,
  paginateDescribeSpotInstanceRequests,
  paginateDescribeTags,
  type EC2Client,
  type Filter,
} from '@aws-sdk/client-ec2';
import { utcMinute } from '../../text/units.ts';
import type { AwsClients } from '../account/aws-access.ts';
import { ok, unavailable, type Result } from '../account/result.ts';
import { tryCall, callOrThrow } from '../account/service-failure.ts';
import { askPrices } from '../cost/ask-prices.ts';
import { findBilled, isBilled, type BilledDisk, type BilledEndpoint, type BilledHost } from '../cost/billed-hosts.ts';
import { hourOfHost } from '../cost/host-hour.ts';
import type { PriceBook } from '../cost/price-book.ts';
import { endpointHour, hoursPerMonth, publicAddressHour } from '../cost/price-table.ts';
import type { Leftover, Search } from './leftover.ts';

/** A resource of EC2 that carries the lab's tag. */
interface Tagged {
  /** As EC2 spells it, such as `security-group`. */
  readonly type: string;
  readonly id: string;
}

/** Types of EC2 that cost nothing by themselves (Amazon EC2 and VPC pricing). What is neither here nor priced counts as costing. */
const freeTypes: ReadonlySet<string> = new Set([
  'internet-gateway',
  'launch-template',
  'network-acl',
  'network-interface',
  'placement-group',
  'route-table',
  'security-group',
  'security-group-rule',
  'subnet',
  'vpc',
]);

/**
 * Types whose state or size decides what they cost, so that EC2 is asked again: a terminated instance keeps its tags for about an
 * hour, a closed spot request for longer (EC2 User Guide, "Tag your Amazon EC2 resources").
 */
const detailed: ReadonlySet<string> = new Set(['instance', 'volume', 'spot-instances-request', 'vpc-endpoint']);

/** What types are called where EC2's own word for them is another. */
const names: Readonly<Record<string, string>> = {
  'elastic-ip': 'elastic address',
  natgateway: 'NAT gateway',
  vpc: 'VPC',
};

/**
 * Everything that EC2 has of a lab: what carries its tag, of whatever type, by one search; and the interfaces in its VPC, for EC2
 * gives the first one of a host no tag. Throws LabError `environment` when EC2 refuses the search by tag.
 */
export async function searchEc2(clients: AwsClients, labName: string, now: Date): Promise<readonly Search[]> {
  const tagged = await callOrThrow('ec2:DescribeTags', () => findTagged(clients.ec2, labName));
  const ids = (type: string): readonly string[] => tagged.filter((one) => one.type === type).map(({ id }) => id);
  const others = tagged.filter(({ type }) => !detailed.has(type)).map(describe);
  const searches: Search[] = [{ what: 'tagged', canCost: true, found: ok(others) }];
  if (ids('spot-instances-request').length > 0) {
    const found = await tryCall('ec2:DescribeSpotInstanceRequests', () => openSpotRequests(clients.ec2, labName));
    searches.push({ what: 'spot request', canCost: true, found });
  }
  if (['instance', 'volume', 'vpc-endpoint'].some((type) => ids(type).length > 0)) {
    const found = await tryCall('ec2:DescribeInstances', () => billedByTheHour(clients, labName, now));
    searches.push({ what: 'instance, disk, VPC endpoint', canCost: true, found });
  }
  if (ids('vpc').length > 0) {
    const already = new Set(ids('network-interface'));
    const find = (): Promise<readonly Leftover[]> => untaggedInterfaces(clients.ec2, ids('vpc'), already);
    searches.push({
      what: 'network interface',
      canCost: false,
      found: await tryCall('ec2:DescribeNetworkInterfaces', find),
    });
  }
  return searches;
}

function ofLab(labName: string): Filter[] {
  return [{ Name: 'tag:c1mlab:lab', Values: [labName] }];
}

async function findTagged(ec2: EC2Client, labName: string): Promise<readonly Tagged[]> {
  const tagged: Tagged[] = [];
  const filters = [
    { Name: 'key', Values: ['c1mlab:lab'] },
    { Name: 'value', Values: [labName] },
  ];
  for await (const { Tags = [] } of paginateDescribeTags({ client: ec2 }, { Filters: filters })) {
    for (const { ResourceType = '', ResourceId = '' } of Tags) tagged.push({ type: ResourceType, id: ResourceId });
  }
  return tagged;
}

function describe({ type, id }: Tagged): Leftover {
  const what = names[type] ?? type.replaceAll('-', ' ');
  return { what, id, since: null, month: monthOfType(type), note: '' };
}

function monthOfType(type: string): Result<number> {
  if (freeTypes.has(type)) return ok(0);
  if (type === 'elastic-ip') return ok(publicAddressHour * hoursPerMonth);
  return unavailable('the lab has no price of it');
}

async function billedByTheHour(clients: AwsClients, labName: string, now: Date): Promise<readonly Leftover[]> {
  const { hosts, disks, endpoints } = await findBilled(clients, labName);
  const instanceTypes = hosts.map(({ instanceType }) => instanceType);
  const prices = await askPrices(clients, { instanceTypes, zone: undefined, now });
  return [
    ...hosts.map((host) => describeHost(host, prices)),
    ...disks.map((disk) => describeDisk(disk, prices)),
    ...endpoints.map(describeEndpoint),
  ];
}

function describeHost(host: BilledHost, prices: PriceBook): Leftover {
  const { instanceId: id, instanceType, state, launched, endsBy } = host;
  const hour = isBilled(host) ? hourOfHost(host, prices) : ok(0);
  const end = endsBy === null || state === 'shutting-down' ? '' : `, ends by ${utcMinute(endsBy.getTime())}`;
  return {
    what: 'instance',
    id,
    since: launched,
    month: hour.ok ? ok(hour.value * hoursPerMonth) : hour,
    note: `${instanceType}, ${state}${end}`,
  };
}

function describeEndpoint({ endpointId: id, service, state, created, isInterface }: BilledEndpoint): Leftover {
  const month = ok(isInterface ? endpointHour * hoursPerMonth : 0);
  return { what: 'VPC endpoint', id, since: created, month, note: `${service}, ${state}` };
}

function describeDisk({ volumeId: id, gib, created }: BilledDisk, { diskGibMonth: price }: PriceBook): Leftover {
  const month = price.ok ? ok(gib * price.value.dollars) : price;
  return { what: 'disk', id, since: created, month, note: `${gib} GiB` };
}

async function openSpotRequests(ec2: EC2Client, labName: string): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  const pages = paginateDescribeSpotInstanceRequests({ client: ec2 }, { Filters: ofLab(labName) });
  for await (const { SpotInstanceRequests = [] } of pages) {
    for (const { SpotInstanceRequestId: id = '', CreateTime: since = null, State: note = '' } of SpotInstanceRequests) {
      if (note !== 'open' && note !== 'active') continue;
      const month = note === 'open' ? unavailable<number>('it may start an instance at any time') : ok(0);
      found.push({ what: 'spot request', id, since, month, note });
    }
  }
  return found;
}

async function untaggedInterfaces(
  ec2: EC2Client,
  vpcIds: readonly string[],
  tagged: ReadonlySet<string>,
): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  const filters = [{ Name: 'vpc-id', Values: [...vpcIds] }];
  for await (const { NetworkInterfaces = [] } of paginateDescribeNetworkInterfaces(
    { client: ec2 },
    { Filters: filters },
  )) {
    for (const { NetworkInterfaceId: id = '', Status: note = '' } of NetworkInterfaces) {
      if (!tagged.has(id)) found.push({ what: 'network interface', id, since: null, month: ok(0), note });
    }
  }
  return found;
}
