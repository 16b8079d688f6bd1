import {
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  paginateDescribeSubnets,
  type Subnet,
  type Vpc,
} from '@aws-sdk/client-ec2';
import { loadSubnet } from '../../config/hosts.ts';
import type { Lab } from '../../config/lab.ts';
import type { AwsClients } from '../account/aws-access.ts';
import { understandFailure } from '../account/service-failure.ts';
import { checkEgress } from './check-egress.ts';
import { cidrsOverlap, isWithin } from './cidr.ts';
import type { Finding } from './finding.ts';

const check = 'existing VPC';

/**
 * Whether the subnet of an existing VPC is there, in that VPC, and in the zone that the lab names; whether the VPC has room for the
 * load subnet that the lab makes in it, and hosts would reach what they need from it.
 */
export async function checkSubnet(clients: AwsClients, lab: Lab): Promise<readonly Finding[]> {
  const { ec2, region } = clients;
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
      ...(await checkVpc(clients, lab, vpcId, subnet)),
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

async function checkVpc(clients: AwsClients, lab: Lab, vpcId: string, subnet: Subnet): Promise<readonly Finding[]> {
  try {
    const { Vpcs = [] } = await clients.ec2.send(new DescribeVpcsCommand({ VpcIds: [vpcId] }));
    const [vpc = null] = Vpcs;
    const [room, egress] = await Promise.all([
      checkRoom(clients, lab, vpcId, vpc),
      checkEgress(clients, lab, { vpcId, subnet, vpc }),
    ]);
    return [room, ...egress];
  } catch (error) {
    return [{ check, state: 'not known', text: understandFailure('ec2:DescribeVpcs', error).text }];
  }
}

/** Whether the load subnet lies within the VPC, and no subnet is there. */
async function checkRoom({ ec2 }: AwsClients, lab: Lab, vpcId: string, vpc: Vpc | null): Promise<Finding> {
  const wanted = loadSubnet(lab);
  const blocks = (vpc?.CidrBlockAssociationSet ?? [])
    .filter(({ CidrBlockState }) => CidrBlockState?.State === 'associated')
    .map(({ CidrBlock = '' }) => CidrBlock);
  let taken: Subnet | undefined;
  try {
    const filters = [{ Name: 'vpc-id', Values: [vpcId] }];
    for await (const { Subnets = [] } of paginateDescribeSubnets({ client: ec2 }, { Filters: filters })) {
      taken ??= Subnets.find(({ CidrBlock = '' }) => cidrsOverlap(CidrBlock, wanted));
    }
  } catch (error) {
    return { check, state: 'not known', text: understandFailure('ec2:DescribeSubnets', error).text };
  }
  if (blocks.length === 0) {
    return { check, state: 'not known', text: `EC2 does not say which addresses ${vpcId} has` };
  }
  if (!blocks.some((block) => isWithin(wanted, block))) {
    return failed(
      `the load subnet ${wanted} is not within ${vpcId}, which has ${blocks.join(', ')}`,
      'set network.prefix to the first two numbers of addresses that it has',
    );
  }
  if (taken === undefined) return { check, state: 'ok', text: `${wanted} is free in ${vpcId}` };
  const what = `${wanted} is taken in ${vpcId} by ${taken.SubnetId ?? 'a subnet'} (${taken.CidrBlock ?? ''})`;
  if (taken.Tags?.some(({ Key, Value }) => Key === 'c1mlab:lab' && Value === lab.name) === true) {
    // Only hosts that change are built anew, and a check does not know whether they will.
    return { check, state: 'ok', text: `${what}, this lab's own: destroy it before you deploy it with other hosts` };
  }
  return failed(what, 'set network.prefix to one whose x.y.16.0/20 is free, or give another VPC');
}

function failed(text: string, fix: string): Finding {
  return { check, state: 'failed', text, fix };
}
