import { DescribeInstanceTypesCommand } from '@aws-sdk/client-ec2';
import { instanceTypeFacts } from '../../config/instance-types.ts';
import type { AwsClients } from './aws-access.ts';

/** Processors and memory of an instance type. */
export interface TypeCapacity {
  readonly vcpus: number;
  readonly memoryBytes: number;
}

/** What an instance type has: by the lab's own table, else by EC2; undefined when EC2 does not know it either. */
export async function typeCapacity({ ec2 }: Pick<AwsClients, 'ec2'>, type: string): Promise<TypeCapacity | undefined> {
  const listed = instanceTypeFacts(type);
  if (listed !== undefined) return { vcpus: listed.vcpus, memoryBytes: listed.memoryGiB * 2 ** 30 };
  const { InstanceTypes: types = [] } = await ec2.send(
    // The SDK lists the types of its day; there are newer ones.
    new DescribeInstanceTypesCommand({ Filters: [{ Name: 'instance-type', Values: [type] }] }),
  );
  const vcpus = types[0]?.VCpuInfo?.DefaultVCpus;
  const mebibytes = types[0]?.MemoryInfo?.SizeInMiB;
  return vcpus === undefined || mebibytes === undefined ? undefined : { vcpus, memoryBytes: mebibytes * 2 ** 20 };
}
