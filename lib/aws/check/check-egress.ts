import {
  DescribeDhcpOptionsCommand,
  DescribeRouteTablesCommand,
  DescribeVpcAttributeCommand,
  paginateDescribeVpcEndpoints,
  type Route,
  type RouteTable,
  type Subnet,
  type Vpc,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2';
import type { Lab } from '../../config/lab.ts';
import type { AwsClients } from '../account/aws-access.ts';
import { understandFailure } from '../account/service-failure.ts';
import type { Finding } from './finding.ts';

const check = 'way out';

/** What is there of an existing VPC. */
export interface ExistingNetwork {
  readonly vpcId: string;
  readonly subnet: Subnet;
  /** What EC2 says of the VPC; null when it does not. */
  readonly vpc: Vpc | null;
}

/**
 * Whether hosts in an existing subnet would reach SSM, S3 and what else `network.egress` says, and whether names are resolved
 * there: a host that does not fails its boot after a quarter of an hour.
 */
export async function checkEgress(
  clients: AwsClients,
  lab: Lab,
  network: ExistingNetwork,
): Promise<readonly Finding[]> {
  const findings = await Promise.all([
    answered('ec2:DescribeRouteTables', async () => {
      const table = await routeTableOf(clients, network);
      return lab.network.egress === 'endpoints'
        ? checkEndpoints(clients, lab, network, table)
        : checkDefaultRoute(lab, network, table);
    }),
    answered('ec2:DescribeVpcAttribute', async () => checkNames(clients, lab, network)),
  ]);
  return findings;
}

async function answered(action: string, ask: () => Promise<Finding>): Promise<Finding> {
  try {
    return await ask();
  } catch (error) {
    return unavailable(understandFailure(action, error).text);
  }
}

/** The route table of the subnet: the one associated with it, else the VPC's main one. */
async function routeTableOf({ ec2 }: AwsClients, { vpcId, subnet }: ExistingNetwork): Promise<RouteTable | undefined> {
  const filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({ Filters: filters }));
  const having = (matches: (association: NonNullable<RouteTable['Associations']>[number]) => boolean) =>
    RouteTables.find(({ Associations = [] }) => Associations.some(matches));
  return having(({ SubnetId }) => SubnetId === subnet.SubnetId) ?? having(({ Main }) => Main === true);
}

function checkDefaultRoute(lab: Lab, { subnet }: ExistingNetwork, table: RouteTable | undefined): Finding {
  const subnetId = subnet.SubnetId ?? '';
  if (table === undefined) return unavailable(`EC2 does not say which route table ${subnetId} has`);
  const route = table.Routes?.find(({ DestinationCidrBlock }) => DestinationCidrBlock === '0.0.0.0/0');
  const tableId = table.RouteTableId ?? 'its route table';
  if (route === undefined || route.State === 'blackhole') {
    return failed(
      `${tableId} of ${subnetId} has ${route === undefined ? 'no default route' : `a default route to ${targetOf(route)}, which is gone`}: hosts there could not reach SSM`,
      "give a subnet with a way to the internet, or set network.egress to 'endpoints'",
    );
  }
  const target = targetOf(route);
  if (!target.startsWith('igw-')) return ok(`hosts in ${subnetId} reach out by ${target} (${tableId})`);
  if (lab.network.egress === 'nat') {
    return failed(
      `${subnetId} has its default route to ${target}, not to a NAT gateway: hosts without a public address could not reach SSM`,
      "give a subnet behind a NAT gateway, or set network.egress to 'public'",
    );
  }
  if (subnet.MapPublicIpOnLaunch !== true) {
    return failed(
      `hosts in ${subnetId} would get no public address, and its default route leads to ${target}`,
      `aws ec2 modify-subnet-attribute --map-public-ip-on-launch --subnet-id ${subnetId}, or give a subnet behind a NAT gateway and set network.egress to 'nat'`,
    );
  }
  return ok(`hosts in ${subnetId} get public addresses, and reach out by ${target}`);
}

function targetOf(route: Route): string {
  return (
    route.NatGatewayId ??
    route.TransitGatewayId ??
    route.NetworkInterfaceId ??
    route.VpcPeeringConnectionId ??
    route.GatewayId ??
    'an unknown target'
  );
}

/** What `egress: endpoints` needs, as the last part of a service's name; S3 may be a gateway or an interface. */
const neededServices = ['ssm', 'ssmmessages', 's3'] as const;

async function checkEndpoints(
  { ec2, region }: AwsClients,
  lab: Lab,
  { vpcId, subnet }: ExistingNetwork,
  table: RouteTable | undefined,
): Promise<Finding> {
  const there: VpcEndpoint[] = [];
  const filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  for await (const { VpcEndpoints = [] } of paginateDescribeVpcEndpoints({ client: ec2 }, { Filters: filters })) {
    there.push(...VpcEndpoints.filter(({ State }) => State?.toLowerCase() === 'available'));
  }
  const tableId = table?.RouteTableId;
  const serves = (service: string): boolean =>
    there.some(
      ({ ServiceName, PrivateDnsEnabled, VpcEndpointType, RouteTableIds = [] }) =>
        ServiceName?.endsWith(`.${region}.${service}`) === true &&
        (VpcEndpointType === 'Gateway' ? RouteTableIds.includes(tableId ?? '') : PrivateDnsEnabled === true),
    );
  const made = lab.network.existing?.routeTableId;
  if (made !== undefined) {
    if (tableId !== undefined && made !== tableId) {
      return failed(
        `${subnet.SubnetId ?? ''} has the route table ${tableId}, not ${made}`,
        `set network.existing.routeTableId to ${tableId}`,
      );
    }
    const taken = neededServices.filter(serves);
    // An own lab's endpoints are there at its second deploy.
    const ours = there.some(({ Tags = [] }) =>
      Tags.some(({ Key, Value }) => Key === 'c1mlab:lab' && Value === lab.name),
    );
    if (taken.length > 0 && !ours) {
      return failed(
        `${vpcId} has endpoints of ${taken.join(', ')} already, beside which the lab could not make its own`,
        'remove network.existing.routeTableId: the lab then uses those that are there',
      );
    }
    return ok(`the lab makes endpoints of SSM and S3 in ${vpcId}`);
  }
  const missing = neededServices.filter((service) => !serves(service));
  if (missing.length === 0) return ok(`hosts reach SSM and S3 by the endpoints of ${vpcId}`);
  return failed(
    `${vpcId} has no endpoint that serves hosts in ${subnet.SubnetId ?? ''} for ${missing.join(', ')}`,
    `set network.existing.routeTableId to ${tableId ?? "the subnet's route table"}, and the lab makes them`,
  );
}

/** Names are resolved by Amazon's server, or by one that the VPC names; private names of endpoints need two attributes. */
async function checkNames({ ec2 }: AwsClients, lab: Lab, { vpcId, vpc }: ExistingNetwork): Promise<Finding> {
  const attribute = async (name: 'enableDnsSupport' | 'enableDnsHostnames'): Promise<boolean | undefined> => {
    const answer = await ec2.send(new DescribeVpcAttributeCommand({ VpcId: vpcId, Attribute: name }));
    return (name === 'enableDnsSupport' ? answer.EnableDnsSupport : answer.EnableDnsHostnames)?.Value;
  };
  const [support, hostnames] = await Promise.all([attribute('enableDnsSupport'), attribute('enableDnsHostnames')]);
  if (support === undefined) return unavailable(`EC2 does not say whether names are resolved in ${vpcId}`);
  const modify = `aws ec2 modify-vpc-attribute --vpc-id ${vpcId}`;
  if (lab.network.egress === 'endpoints' && !(support && hostnames === true)) {
    return failed(
      `${vpcId} has ${support ? 'enableDnsHostnames' : 'enableDnsSupport'} off, which the private names of endpoints need`,
      `${modify} --enable-dns-support, and the same with --enable-dns-hostnames`,
    );
  }
  if (support) return ok(`names are resolved in ${vpcId}`);
  const id = vpc?.DhcpOptionsId;
  const servers = id === undefined || id === 'default' ? [] : await nameServers(ec2, id);
  if (servers.some((server) => server !== 'AmazonProvidedDNS')) {
    return ok(`names are resolved in ${vpcId} by ${servers.join(', ')}, which must know Amazon's`);
  }
  return failed(
    `${vpcId} has enableDnsSupport off and names no DNS server of its own`,
    `${modify} --enable-dns-support`,
  );
}

async function nameServers(ec2: AwsClients['ec2'], dhcpOptionsId: string): Promise<readonly string[]> {
  const { DhcpOptions = [] } = await ec2.send(new DescribeDhcpOptionsCommand({ DhcpOptionsIds: [dhcpOptionsId] }));
  const servers = DhcpOptions.flatMap(({ DhcpConfigurations = [] }) => DhcpConfigurations).find(
    ({ Key }) => Key === 'domain-name-servers',
  );
  return servers?.Values?.flatMap(({ Value }) => Value ?? []) ?? [];
}

function ok(text: string): Finding {
  return { check, state: 'ok', text };
}

function unavailable(text: string): Finding {
  return { check, state: 'not known', text };
}

function failed(text: string, fix: string): Finding {
  return { check, state: 'failed', text, fix };
}
