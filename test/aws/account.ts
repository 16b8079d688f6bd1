import { ec2Xml, items, type Responder } from './fake-aws.ts';

/** Zones of us-east-1 as one account sees them. */
const zoneItems = ['a', 'b', 'c'].map((letter, index) => ({
  zoneName: `us-east-1${letter}`,
  zoneId: `use1-az${index + 1}`,
  zoneState: 'available',
  zoneType: 'availability-zone',
  optInStatus: 'opt-in-not-required',
}));

/** An answer to DescribeInstanceTypeOfferings. */
export function offerings(list: readonly (readonly [type: string, zoneId: string])[], nextToken = ''): string {
  const set = list.map(([instanceType, location]) => ({
    instanceType,
    locationType: 'availability-zone-id',
    location,
  }));
  return ec2Xml(
    'DescribeInstanceTypeOfferings',
    `${items('instanceTypeOfferingSet', set)}${nextToken === '' ? '' : `<nextToken>${nextToken}</nextToken>`}`,
  );
}

const typeItems = [
  ['c3.4xlarge', 8, 30],
  ['c3.2xlarge', 4, 15],
].map(([instanceType, interfaces, addresses]) => ({
  instanceType: String(instanceType),
  networkInfo: `<maximumNetworkInterfaces>${interfaces}</maximumNetworkInterfaces><ipv4AddressesPerInterface>${addresses}</ipv4AddressesPerInterface>`,
}));

/** An answer to GetServiceQuota. */
export const quotaOf = (value: number): string => JSON.stringify({ Quota: { Value: value } });

/** A product of the Pricing API. */
export function product(dollars: string, unit = 'Hrs'): string {
  return JSON.stringify({
    publicationDate: '2026-11-20T22:00:00Z',
    terms: { OnDemand: { a: { priceDimensions: { b: { unit, pricePerUnit: { USD: dollars } } } } } },
  });
}

interface PricingRequest {
  readonly Filters?: readonly { readonly Field: string; readonly Value: string }[];
}

/** An account that can have the article's lab in the zones a and c of us-east-1. */
export const readyAccount: Readonly<Record<string, Responder>> = {
  'ec2:DescribeAvailabilityZones': () => ec2Xml('DescribeAvailabilityZones', items('availabilityZoneInfo', zoneItems)),
  'ec2:DescribeInstanceTypeOfferings': (_parameters, before) =>
    before === 0
      ? offerings(
          [
            ['c3.4xlarge', 'use1-az1'],
            ['c3.4xlarge', 'use1-az2'],
            ['c3.2xlarge', 'use1-az1'],
          ],
          'more',
        )
      : offerings([
          ['c3.4xlarge', 'use1-az3'],
          ['c3.2xlarge', 'use1-az3'],
        ]),
  'ec2:DescribeInstanceTypes': () => ec2Xml('DescribeInstanceTypes', items('instanceTypeSet', typeItems)),
  'quotas:GetServiceQuota': () => quotaOf(64),
  'pricing:GetProducts': (parameters) => {
    const filters = (parameters as PricingRequest).Filters ?? [];
    const type = filters.find(({ Field }) => Field === 'instanceType')?.Value;
    const list = type === undefined ? product('0.08', 'GB-Mo') : product(type === 'c3.4xlarge' ? '0.84' : '0.42');
    return JSON.stringify({ FormatVersion: 'aws_v1', PriceList: [list] });
  },
};

/** An answer to DescribeInstances. */
export function instances(list: readonly Readonly<Record<string, string>>[], nextToken = ''): string {
  return ec2Xml(
    'DescribeInstances',
    `<reservationSet><item>${items('instancesSet', list)}</item></reservationSet>${nextToken === '' ? '' : `<nextToken>${nextToken}</nextToken>`}`,
  );
}

/** A running instance as EC2 lists it. */
export function instance(
  id: string,
  type: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    instanceId: id,
    instanceType: type,
    instanceState: '<code>16</code><name>running</name>',
    launchTime: '2026-11-22T10:00:00.000Z',
    placement: '<availabilityZone>us-east-1a</availabilityZone>',
    cpuOptions: '<coreCount>4</coreCount><threadsPerCore>2</threadsPerCore>',
    ...more,
  };
}
