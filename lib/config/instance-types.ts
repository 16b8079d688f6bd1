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
const graviton8: NetworkLimits = {
  medium: [2, 4],
  ...generation3,
  '12xlarge': [8, 30],
  '16xlarge': [15, 50],
  '24xlarge': [15, 50],
  '48xlarge': [15, 50],
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

/** Limits and GiB of memory a vCPU (the families' own data sheets), by family: the presets' own, and their larger-memory fellows. */
const families: Readonly<Record<string, readonly [limits: NetworkLimits, gibPerVcpu: number]>> = {
  c3: [generation3, 1.875],
  r3: [generation3, 7.625],
  c8i: [intel8, 2],
  m8i: [intel8, 4],
  r8i: [intel8, 8],
  c8g: [graviton8, 2],
  m8g: [graviton8, 4],
  r8g: [graviton8, 8],
};

const xenFamilies: ReadonlySet<string> = new Set(['c3', 'r3']);

/**
 * The facts of a type such as `c3.4xlarge`; undefined when this table does not hold it: it has the presets' generations only, and
 * `c1m check` asks EC2 about any other.
 */
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
