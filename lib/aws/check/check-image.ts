import {
  DescribeImagesCommand,
  DescribeInstanceTypesCommand,
  type _InstanceType,
  type Image,
} from '@aws-sdk/client-ec2';
import type { Lab } from '../../config/lab.ts';
import type { AwsClients } from '../account/aws-access.ts';
import { understandFailure } from '../account/service-failure.ts';
import type { Finding } from './finding.ts';

const check = 'image';

/** The device that hosts' disks are sized and encrypted as, and that images of Amazon Linux 2023 start from. */
const rootDevice = '/dev/xvda';

/**
 * Whether the lab's own image is there and starts on the lab's types. Without one there is nothing to look at, unless hosts could
 * then build nothing.
 */
export async function checkImage(clients: AwsClients, lab: Lab): Promise<readonly Finding[]> {
  const { image } = lab.hosts;
  if (image === undefined) {
    if (lab.network.egress !== 'endpoints') return [];
    return [
      failed(
        'hosts that reach SSM and S3 only can build neither the load generator nor a server',
        "name an image that holds the builds as hosts.image (docs/aws.md), or set network.egress to 'nat'",
      ),
    ];
  }
  try {
    const { Images = [] } = await clients.ec2.send(new DescribeImagesCommand({ ImageIds: [image] }));
    const [found] = Images;
    if (found === undefined) return [absent(image, clients.region)];
    return [await judge(clients, lab, image, found)];
  } catch (error) {
    const failure = understandFailure('ec2:DescribeImages', error);
    if (failure.code.startsWith('InvalidAMIID')) return [absent(image, clients.region)];
    return [{ check, state: 'not known', text: failure.text }];
  }
}

async function judge({ ec2 }: AwsClients, lab: Lab, image: string, found: Image): Promise<Finding> {
  if (found.State !== 'available')
    return failed(`${image} is ${found.State ?? 'not known'}`, 'wait until it is available');
  if (found.RootDeviceName !== rootDevice) {
    return failed(
      `${image} starts from ${found.RootDeviceName ?? 'no device'}, images of Amazon Linux 2023 from ${rootDevice}`,
      'name an image of Amazon Linux 2023',
    );
  }
  const wanted = [...new Set([lab.server.instanceType, lab.load.instanceType])];
  // A type that the SDK does not know yet is one that EC2 may know.
  const types = wanted.map((type) => type as _InstanceType);
  const { InstanceTypes = [] } = await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: types }));
  const unfit = InstanceTypes.filter(
    ({ ProcessorInfo }) =>
      ProcessorInfo?.SupportedArchitectures !== undefined &&
      found.Architecture !== undefined &&
      !ProcessorInfo.SupportedArchitectures.includes(found.Architecture),
  );
  if (unfit.length > 0) {
    return failed(
      `${image} is for ${found.Architecture ?? 'another processor'}, ${unfit.map(({ InstanceType }) => InstanceType).join(' and ')} is not`,
      'name an image for the processor of all types',
    );
  }
  return {
    check,
    state: 'ok',
    text: `${image} (${found.Name ?? 'without a name'}) is there, for ${found.Architecture ?? ''}`,
  };
}

function absent(image: string, region: string): Finding {
  return failed(
    `there is no image ${image} in ${region} that the account can use`,
    'correct hosts.image, or the region',
  );
}

function failed(text: string, fix: string): Finding {
  return { check, state: 'failed', text, fix };
}
