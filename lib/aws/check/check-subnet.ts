import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import type { Lab } from '../../config/lab.ts';
import type { AwsClients } from '../account/aws-access.ts';
import { understandFailure } from '../account/service-failure.ts';
import type { Finding } from './finding.ts';

const check = 'existing VPC';

/** Whether the subnet of an existing VPC is there, in that VPC, and in the zone that the lab names. */
export async function checkSubnet({ ec2, region }: AwsClients, lab: Lab): Promise<readonly Finding[]> {
  const { existing, availabilityZone } = lab.network;
  if (existing === undefined) return [];
  const { managementSubnetId, vpcId } = existing;
  try {
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [managementSubnetId] }));
    const [subnet] = Subnets;
    if (subnet?.VpcId !== vpcId) {
      return [
        failed(
          `${managementSubnetId} is not in ${vpcId} but in ${subnet?.VpcId ?? 'no VPC'}`,
          'correct network.existing',
        ),
      ];
    }
    if (subnet.AvailabilityZone !== availabilityZone) {
      return [
        failed(
          `${managementSubnetId} is in ${subnet.AvailabilityZone ?? 'no zone'}, the lab in ${availabilityZone ?? 'none'}`,
          `set network.availabilityZone to ${subnet.AvailabilityZone ?? 'the zone of the subnet'}`,
        ),
      ];
    }
    return [
      { check, state: 'ok', text: `${managementSubnetId} is in ${vpcId} and in ${subnet.AvailabilityZone ?? ''}` },
    ];
  } catch (error) {
    const failure = understandFailure('ec2:DescribeSubnets', error);
    if (failure.code !== 'InvalidSubnetID.NotFound') return [{ check, state: 'not known', text: failure.text }];
    return [
      failed(
        `there is no subnet ${managementSubnetId} in ${region}`,
        'correct network.existing, or the region (--region)',
      ),
    ];
  }
}

function failed(text: string, fix: string): Finding {
  return { check, state: 'failed', text, fix };
}
