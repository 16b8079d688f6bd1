import { paginateDescribeInstanceTypes, type InstanceTypeInfo } from '@aws-sdk/client-ec2';
import { instanceTypeFacts } from '../../config/instance-types.ts';
import type { Lab } from '../../config/lab.ts';
import type { AwsClients } from '../account/aws-access.ts';
import { understandFailure } from '../account/service-failure.ts';
import type { Finding } from './finding.ts';

const check = 'instance types';

/** Whether the lab's types have the interfaces and addresses it needs, as EC2 has it and as the lab's own table has it. */
export async function checkTypes(clients: AwsClients, lab: Lab): Promise<readonly Finding[]> {
  const types = [...new Set([lab.server.instanceType, lab.load.instanceType])];
  let infos: ReadonlyMap<string, InstanceTypeInfo>;
  try {
    infos = await readTypes(clients, types);
  } catch (error) {
    const failure = understandFailure('ec2:DescribeInstanceTypes', error);
    if (failure.code !== 'InvalidInstanceType') return [{ check, state: 'not known', text: failure.text }];
    return [
      {
        check,
        state: 'failed',
        text: `EC2 in ${clients.region} knows one of ${types.join(' and ')} not: ${failure.text}`,
        fix: 'correct instanceType in the lab file, or take another region (--region)',
      },
    ];
  }
  return types.map((type) => {
    const info = infos.get(type);
    if (info === undefined) return { check, state: 'not known', text: `EC2 said nothing of ${type}` };
    return checkType(lab, type, info);
  });
}

async function readTypes(
  { ec2 }: AwsClients,
  types: readonly string[],
): Promise<ReadonlyMap<string, InstanceTypeInfo>> {
  const infos = new Map<string, InstanceTypeInfo>();
  const wanted = types.map((type) => type as NonNullable<InstanceTypeInfo['InstanceType']>);
  for await (const { InstanceTypes = [] } of paginateDescribeInstanceTypes(
    { client: ec2 },
    { InstanceTypes: wanted },
  )) {
    for (const info of InstanceTypes) infos.set(info.InstanceType ?? '', info);
  }
  return infos;
}

function checkType(lab: Lab, type: string, info: InstanceTypeInfo): Finding {
  const { MaximumNetworkInterfaces: interfaces, Ipv4AddressesPerInterface: addresses } = info.NetworkInfo ?? {};
  if (interfaces === undefined || addresses === undefined) {
    return { check, state: 'not known', text: `EC2 does not say how many interfaces and addresses ${type} has` };
  }
  const isLoad = type === lab.load.instanceType;
  const wantedAddresses = isLoad ? 1 + lab.load.secondaryAddresses : 1;
  if (interfaces < 2) {
    return failed(`${type} takes ${interfaces} interface, a host needs 2`, 'choose a larger size');
  }
  if (wantedAddresses > addresses) {
    return failed(
      `${type} takes ${addresses} addresses an interface, the load hosts need ${wantedAddresses}`,
      `set load.secondaryAddresses to ${addresses - 1} at most and add hosts, or choose a larger size`,
    );
  }
  const strategies = info.PlacementGroupInfo?.SupportedStrategies;
  if (lab.network.clusterPlacement && strategies !== undefined && !strategies.includes('cluster')) {
    return failed(
      `${type} cannot be in a cluster placement group`,
      'set network.clusterPlacement to false, or choose another type',
    );
  }
  if (lab.hosts.purchase === 'spot' && info.SupportedUsageClasses?.includes('spot') === false) {
    return failed(`${type} cannot be bought as spot`, 'set hosts.purchase to on-demand, or choose another type');
  }
  const table = instanceTypeFacts(type);
  // Few hosts of a previous generation are left, and one placement group asks for several that are near each other.
  const scarce =
    lab.network.clusterPlacement && table?.hypervisor === 'xen'
      ? '; should a deploy find too little capacity, set network.clusterPlacement to false or take another zone'
      : '';
  const differs =
    table !== undefined && (table.interfaces !== interfaces || table.addressesPerInterface !== addresses)
      ? `; the lab's own table says ${table.interfaces} and ${table.addressesPerInterface}, which wants correcting`
      : '';
  return {
    check,
    state: 'ok',
    text: `${type}: ${interfaces} interfaces with ${addresses} addresses each, the lab needs 2 and ${wantedAddresses}${differs}${scarce}`,
  };
}

function failed(text: string, fix: string): Finding {
  return { check, state: 'failed', text, fix };
}
