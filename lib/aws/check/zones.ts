import { DescribeAvailabilityZonesCommand, paginateDescribeInstanceTypeOfferings } from '@aws-sdk/client-ec2';
import type { AwsClients } from '../account/aws-access.ts';

/** An availability zone as an account sees it. */
export interface Zone {
  /** Such as `us-east-1a`: another zone in every account. */
  readonly name: string;
  /** Such as `use1-az4`: the same zone in every account. */
  readonly id: string;
}

/** The zones that the account can use now, by name; no local or wavelength zones. */
export async function readZones({ ec2 }: AwsClients): Promise<readonly Zone[]> {
  const { AvailabilityZones = [] } = await ec2.send(new DescribeAvailabilityZonesCommand({}));
  return AvailabilityZones.filter(
    ({ ZoneType = 'availability-zone', State = 'available', OptInStatus = 'opt-in-not-required' }) =>
      ZoneType === 'availability-zone' && State === 'available' && OptInStatus !== 'not-opted-in',
  )
    .map(({ ZoneName = '', ZoneId = '' }): Zone => ({ name: ZoneName, id: ZoneId }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The ids of the zones that offer each of the types, by type. */
export async function readOfferings(
  { ec2 }: AwsClients,
  instanceTypes: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const offered = new Map(instanceTypes.map((type) => [type, new Set<string>()]));
  const pages = paginateDescribeInstanceTypeOfferings(
    { client: ec2 },
    { LocationType: 'availability-zone-id', Filters: [{ Name: 'instance-type', Values: [...offered.keys()] }] },
  );
  for await (const { InstanceTypeOfferings = [] } of pages) {
    for (const { InstanceType = '', Location = '' } of InstanceTypeOfferings) offered.get(InstanceType)?.add(Location);
  }
  return offered;
}

/** A zone for people: its name, and its id. */
export function describeZone({ name, id }: Zone): string {
  return `${name} (${id})`;
}
