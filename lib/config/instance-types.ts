/** What the lab must know of an EC2 instance type to say before a deploy that something will not fit. */
export interface InstanceTypeFacts {
  readonly vcpus: number;
  readonly memoryGiB: number;
  /** Network interfaces that can be attached. */
  readonly interfaces: number;
  /** IPv4 addresses one interface can have, the primary one included. */
  readonly addressesPerInterface: number;
  /** `xen`: previous generation, no ENA, so dropped packets are not counted anywhere. */
  readonly hypervisor: 'nitro' | 'xen';
}

/** Interfaces and IPv4 addresses per interface, by size. */
type NetworkLimits = Readonly<Record<string, readonly [interfaces: number, addressesPerInterface: number]>>;

/*
 * Numbers: EC2's DescribeInstanceTypes (MaximumNetworkInterfaces, Ipv4AddressesPerInterface), as gathered over 17 regions in
 * aws/amazon-vpc-cni-k8s, pkg/vpc/vpc_ip_resource_limit.go, state of August 2026.
 */
const upTo4xlarge: NetworkLimits = { large: [3, 10], xlarge: [4, 15], '2xlarge': [4, 15], '4xlarge': [8, 30] };
const generation3: NetworkLimits = { ...upTo4xlarge, '8xlarge': [8, 30] };
const generation5: NetworkLimits = {
  ...upTo4xlarge,
  '8xlarge': [8, 30],
  '12xlarge': [8, 30],
  '16xlarge': [15, 50],
  '24xlarge': [15, 50],
};
const c5Limits: NetworkLimits = {
  ...upTo4xlarge,
  '9xlarge': [8, 30],
  '12xlarge': [8, 30],
  '18xlarge': [15, 50],
  '24xlarge': [15, 50],
};
const c5nLimits: NetworkLimits = { ...upTo4xlarge, '9xlarge': [8, 30], '18xlarge': [15, 50] };
const intel6: NetworkLimits = { ...generation5, '32xlarge': [15, 50] };
const intel6Network: NetworkLimits = { ...generation5, '32xlarge': [8, 50] };
const amd6: NetworkLimits = { ...intel6, '48xlarge': [15, 50] };
const intel7: NetworkLimits = { ...generation5, '48xlarge': [15, 50] };
const amd7: NetworkLimits = { medium: [2, 4], ...amd6 };
const graviton7: NetworkLimits = {
  medium: [2, 4],
  ...upTo4xlarge,
  '8xlarge': [8, 30],
  '12xlarge': [8, 30],
  '16xlarge': [15, 50],
};
const graviton8: NetworkLimits = { ...graviton7, '24xlarge': [15, 50], '48xlarge': [15, 50] };
const graviton8Network: NetworkLimits = {
  medium: [2, 4],
  ...upTo4xlarge,
  '8xlarge': [10, 30],
  '12xlarge': [12, 30],
  '16xlarge': [16, 50],
  '24xlarge': [24, 50],
  '48xlarge': [12, 50],
};
const intel8: NetworkLimits = {
  large: [3, 20],
  xlarge: [4, 30],
  '2xlarge': [4, 30],
  '4xlarge': [8, 50],
  '8xlarge': [10, 50],
  '12xlarge': [12, 50],
  '16xlarge': [16, 64],
  '24xlarge': [16, 64],
  '32xlarge': [24, 64],
  '48xlarge': [24, 64],
  '96xlarge': [24, 64],
};
const amd8: NetworkLimits = {
  medium: [2, 4],
  large: [3, 20],
  xlarge: [4, 20],
  '2xlarge': [4, 40],
  '4xlarge': [8, 40],
  '8xlarge': [10, 40],
  '12xlarge': [12, 64],
  '16xlarge': [16, 64],
  '24xlarge': [16, 64],
  '48xlarge': [24, 64],
};

/** Limits and GiB of memory a vCPU (the families' own data sheets), by family. */
const families: Readonly<Record<string, readonly [limits: NetworkLimits, gibPerVcpu: number]>> = {
  c3: [generation3, 1.875],
  r3: [generation3, 7.625],
  c5: [c5Limits, 2],
  c5n: [c5nLimits, 2.625],
  m5: [generation5, 4],
  r5: [generation5, 8],
  c6i: [intel6, 2],
  m6i: [intel6, 4],
  r6i: [intel6, 8],
  c6in: [intel6Network, 2],
  m6in: [intel6Network, 4],
  r6in: [intel6Network, 8],
  c6a: [amd6, 2],
  m6a: [amd6, 4],
  r6a: [amd6, 8],
  c6g: [graviton7, 2],
  m6g: [graviton7, 4],
  r6g: [graviton7, 8],
  c6gn: [graviton7, 2],
  c7i: [amd6, 2],
  m7i: [intel7, 4],
  r7i: [intel7, 8],
  c7a: [amd7, 2],
  m7a: [amd7, 4],
  r7a: [amd7, 8],
  c7g: [graviton7, 2],
  m7g: [graviton7, 4],
  r7g: [graviton7, 8],
  c7gn: [graviton7, 2],
  c8i: [intel8, 2],
  m8i: [intel8, 4],
  r8i: [intel8, 8],
  c8a: [amd8, 2],
  m8a: [amd8, 4],
  r8a: [amd8, 8],
  c8g: [graviton8, 2],
  m8g: [graviton8, 4],
  r8g: [graviton8, 8],
  c8gn: [graviton8Network, 2],
};

const xenFamilies: ReadonlySet<string> = new Set(['c3', 'r3']);

/** The facts of a type such as `c3.4xlarge`; undefined when this table does not hold it (EC2 has several hundred more). */
export function instanceTypeFacts(instanceType: string): InstanceTypeFacts | undefined {
  const [familyName = '', size = ''] = instanceType.split('.');
  const family = Object.hasOwn(families, familyName) ? families[familyName] : undefined;
  if (family === undefined || !Object.hasOwn(family[0], size)) return undefined;
  const limits = family[0][size];
  if (limits === undefined) return undefined;
  const vcpus = vcpusOf(size);
  return {
    vcpus,
    memoryGiB: vcpus * family[1],
    interfaces: limits[0],
    addressesPerInterface: limits[1],
    hypervisor: xenFamilies.has(familyName) ? 'xen' : 'nitro',
  };
}

/** In every family of the table: medium 1, large 2, xlarge 4, Nxlarge 4N. */
function vcpusOf(size: string): number {
  if (size === 'medium') return 1;
  if (size === 'large') return 2;
  return 4 * Number(size.replace('xlarge', '') || '1');
}
