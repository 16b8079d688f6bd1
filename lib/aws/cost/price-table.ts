import { instanceTypeFacts } from '../../config/instance-types.ts';

/** Where the prices of {@link listedInstanceHour} come from and of what day they are. */
export const priceTableSource =
  "the lab's table of us-east-1, Linux, on demand, 2026-07-20 (AWS Price List, as kept by aws/karpenter-provider-aws)";

/** The only region of the table. */
export const priceTableRegion = 'us-east-1';

/** Dollars an hour for one vCPU, by family: within each of these families the price is the same for every vCPU. */
const dollarsPerVcpuHour: Readonly<Record<string, number>> = {
  c3: 0.0525,
  r3: 0.083125,
  c8i: 0.046855,
  m8i: 0.05292,
  r8i: 0.06946,
  c8g: 0.03988,
  m8g: 0.04488,
  r8g: 0.05891,
};

/** Dollars an hour of an instance type on demand in us-east-1; undefined when the table does not hold it. */
export function listedInstanceHour(instanceType: string): number | undefined {
  const [family = ''] = instanceType.split('.');
  const perVcpu = Object.hasOwn(dollarsPerVcpuHour, family) ? dollarsPerVcpuHour[family] : undefined;
  const vcpus = instanceTypeFacts(instanceType)?.vcpus;
  return perVcpu === undefined || vcpus === undefined ? undefined : perVcpu * vcpus;
}

/** Hours that AWS counts in a month when it shares out a monthly price. */
export const hoursPerMonth = 730;

/** A GiB of gp3 disk for a month in us-east-1, dollars (Amazon EBS pricing). */
export const listedDiskGibMonth = 0.08;

/** A public IPv4 address for an hour, dollars, in every region (Amazon VPC pricing, since 2024-02-01), in use or idle. */
export const publicAddressHour = 0.005;

/** A VPC endpoint that is an interface, for an hour in one zone of us-east-1, dollars (AWS PrivateLink pricing); some regions cost up to half more. */
export const endpointHour = 0.01;

/** Detailed monitoring of an instance for an hour, dollars: 7 metrics at $0.30 a month (Amazon CloudWatch pricing, first tier). */
export const monitoringHour = (7 * 0.3) / hoursPerMonth;

/** A GB kept in S3 Standard for a month in us-east-1, dollars (Amazon S3 pricing, first tier). */
export const storedGbMonth = 0.023;
