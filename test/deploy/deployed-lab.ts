import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeInstancesCommand,
  DescribeInternetGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribePlacementGroupsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  EC2Client,
  type Instance,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import {
  GetRolePolicyCommand,
  IAMClient,
  ListInstanceProfilesCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
} from '@aws-sdk/client-iam';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeParametersCommand, GetDocumentCommand, ListDocumentsCommand, SSMClient } from '@aws-sdk/client-ssm';
import { region } from './emulator.ts';

/** The SDK's clients for an emulator. */
export function clientsOf(endpoint: string) {
  const options = { endpoint, region, credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' } };
  return {
    ec2: new EC2Client(options),
    iam: new IAMClient(options),
    s3: new S3Client({ ...options, forcePathStyle: true }),
    ssm: new SSMClient(options),
  };
}

/** The clients that {@link clientsOf} makes. */
export type Clients = ReturnType<typeof clientsOf>;

/** The lab's hosts that are not terminated, by the tag `c1mlab:host`, in the order of their names. */
export async function hostsOfLab({ ec2 }: Clients): Promise<ReadonlyMap<string, Instance>> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  const hosts = Reservations.flatMap(({ Instances = [] }) => Instances).flatMap((instance) => {
    const name = instance.Tags?.find(({ Key }) => Key === 'c1mlab:host')?.Value;
    return name === undefined || instance.State?.Name === 'terminated' ? [] : ([[name, instance]] as const);
  });
  return new Map(hosts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The interfaces of an instance, by device index. */
export async function interfacesOf(
  { ec2 }: Clients,
  instance: Instance,
): Promise<ReadonlyMap<number, NetworkInterface>> {
  const filter = { Name: 'attachment.instance-id', Values: [instance.InstanceId ?? ''] };
  const found = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters: [filter] }));
  return new Map((found.NetworkInterfaces ?? []).map((one) => [one.Attachment?.DeviceIndex ?? -1, one]));
}

/** The names and contents of the account's own documents. */
export async function documentsOfAccount({ ssm }: Clients): Promise<ReadonlyMap<string, unknown>> {
  const { DocumentIdentifiers = [] } = await ssm.send(
    new ListDocumentsCommand({ Filters: [{ Key: 'Owner', Values: ['Self'] }] }),
  );
  const contents = new Map<string, unknown>();
  for (const { Name = '' } of DocumentIdentifiers) {
    const { Content = '' } = await ssm.send(new GetDocumentCommand({ Name }));
    contents.set(Name, JSON.parse(Content));
  }
  return contents;
}

/** The actions that the inline policies of each role allow, by the beginning of the role's name up to its hash. */
export async function actionsOfRoles({ iam }: Clients, stackName: string): Promise<ReadonlyMap<string, Set<string>>> {
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  const actions = new Map<string, Set<string>>();
  for (const { RoleName = '' } of Roles) {
    if (!RoleName.startsWith(`${stackName}-`)) continue;
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    const allowed = new Set<string>();
    for (const PolicyName of PolicyNames) {
      const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
      const document = JSON.parse(decodeURIComponent(PolicyDocument)) as {
        readonly Statement: readonly { readonly Action: string | readonly string[] }[];
      };
      for (const action of document.Statement.flatMap(({ Action }) => Action)) allowed.add(action);
    }
    actions.set(RoleName.slice(stackName.length + 1).replace(/[0-9A-F]{8}-.*$/, ''), allowed);
  }
  return actions;
}

/** Everything in the account that a lab may have made, by kind: ids and names. Terminated instances do not count. */
export async function inventory(clients: Clients): Promise<Readonly<Record<string, readonly string[]>>> {
  const { ec2, iam, s3, ssm } = clients;
  const [vpcs, subnets, tables, gateways, groups, interfaces, placement, volumes] = await Promise.all([
    ec2.send(new DescribeVpcsCommand({})),
    ec2.send(new DescribeSubnetsCommand({})),
    ec2.send(new DescribeRouteTablesCommand({})),
    ec2.send(new DescribeInternetGatewaysCommand({})),
    ec2.send(new DescribeSecurityGroupsCommand({})),
    ec2.send(new DescribeNetworkInterfacesCommand({})),
    ec2.send(new DescribePlacementGroupsCommand({})),
    ec2.send(new DescribeVolumesCommand({})),
  ]);
  const [roles, profiles, buckets, documents, parameters] = await Promise.all([
    iam.send(new ListRolesCommand({})),
    iam.send(new ListInstanceProfilesCommand({})),
    s3.send(new ListBucketsCommand({})),
    ssm.send(new ListDocumentsCommand({ Filters: [{ Key: 'Owner', Values: ['Self'] }] })),
    ssm.send(
      new DescribeParametersCommand({ ParameterFilters: [{ Key: 'Name', Option: 'BeginsWith', Values: ['/c1mlab'] }] }),
    ),
  ]);
  const named = (list: readonly (string | undefined)[] = []) => list.map((name) => name ?? '').sort();
  return {
    hosts: [...(await hostsOfLab(clients)).keys()],
    vpcs: named(vpcs.Vpcs?.map(({ VpcId }) => VpcId)),
    subnets: named(subnets.Subnets?.map(({ SubnetId }) => SubnetId)),
    routeTables: named(tables.RouteTables?.map(({ RouteTableId }) => RouteTableId)),
    internetGateways: named(gateways.InternetGateways?.map(({ InternetGatewayId }) => InternetGatewayId)),
    securityGroups: named(groups.SecurityGroups?.map(({ GroupId }) => GroupId)),
    networkInterfaces: named(interfaces.NetworkInterfaces?.map(({ NetworkInterfaceId }) => NetworkInterfaceId)),
    placementGroups: named(placement.PlacementGroups?.map(({ GroupName }) => GroupName)),
    volumes: named(volumes.Volumes?.map(({ VolumeId }) => VolumeId)),
    roles: named(roles.Roles?.map(({ RoleName }) => RoleName)),
    instanceProfiles: named(profiles.InstanceProfiles?.map(({ InstanceProfileName }) => InstanceProfileName)),
    buckets: named(buckets.Buckets?.map(({ Name }) => Name)),
    documents: named(documents.DocumentIdentifiers?.map(({ Name }) => Name)),
    parameters: named(parameters.Parameters?.map(({ Name }) => Name)),
  };
}

/** A template that the CDK command line left in its output folder. */
export function templateIn(
  outputFolder: string,
  stackName: string,
): {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> }>
  >;
} {
  return JSON.parse(readFileSync(join(outputFolder, `${stackName}.template.json`), 'utf8'));
}
