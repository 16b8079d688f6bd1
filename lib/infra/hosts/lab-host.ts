import { isDeepStrictEqual } from 'node:util';
import { Tags } from 'aws-cdk-lib';
import {
  AmazonLinux2023ImageSsmParameter,
  AmazonLinux2023Kernel,
  AmazonLinuxCpuType,
  BlockDeviceVolume,
  CfnLaunchTemplate,
  CfnNetworkInterface,
  CfnNetworkInterfaceAttachment,
  EbsDeviceVolumeType,
  HttpTokens,
  Instance,
  InstanceArchitecture,
  InstanceInitiatedShutdownBehavior,
  InstanceType,
  OperatingSystemType,
  UserData,
  type IPlacementGroupRef,
} from 'aws-cdk-lib/aws-ec2';
import type { IInstanceProfile } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { hostTags, labTags } from '../../config/host/tags.ts';
import { hostsOf, type Host } from '../../config/hosts.ts';
import { instanceTypeFacts } from '../../config/instance-types.ts';
import { fitOfType } from '../../config/lab-fit.ts';
import type { Lab } from '../../config/lab.ts';
import type { LabNetwork } from './network.ts';
import { acknowledge } from '../acknowledge.ts';
import { checkFit } from '../check-props.ts';
import { tagWithLab } from '../tag-with-lab.ts';
import { maxUserDataBytes } from './user-data.ts';

/** Props of {@link LabHost}. */
export interface LabHostProps {
  /** The lab that the host belongs to. */
  readonly lab: Lab;
  /** Which of the lab's hosts it is: one of `hostsOf(lab)`. */
  readonly host: Host;
  /** Where its two interfaces are. */
  readonly network: LabNetwork;
  /** Carries the role that says what it may do, see `hostRole`. */
  readonly instanceProfile: IInstanceProfile;
  /** The whole user data script, as `userDataScript` makes it. */
  readonly userData: string;
  /**
   * The group of hosts that EC2 places near each other.
   * @default - the host may be anywhere in its zone
   */
  readonly placementGroup?: IPlacementGroupRef;
}

/** One host: an instance on the management subnet with a second interface, and fixed addresses, on the load subnet. */
export class LabHost extends Construct {
  /** The instance, with its first interface on the management subnet. */
  readonly instance: Instance;
  /** The second interface, with the host's fixed addresses. */
  readonly loadInterface: CfnNetworkInterface;

  constructor(scope: Construct, id: string, props: LabHostProps) {
    super(scope, id);
    const { lab, host, network } = props;
    const type = host.role === 'server' ? lab.server.instanceType : lab.load.instanceType;
    checkFit(this, fitOfType(lab, host.role));
    checkHost(this, lab, host);
    const bytes = Buffer.byteLength(props.userData);
    // Tokens are longer or shorter than what they stand for; the scripts leave room for that.
    if (bytes > maxUserDataBytes - 1024) {
      throw new Error(
        `${this.node.path}: user data must be at most ${maxUserDataBytes - 1024} bytes, got ${bytes}; move lines into assets/user-data`,
      );
    }

    const userData = UserData.custom(props.userData);
    this.instance = new Instance(this, 'Instance', {
      instanceName: `${lab.name}/${host.name}`,
      vpc: network.vpc,
      vpcSubnets: { subnets: [network.managementSubnet] },
      securityGroup: network.managementGroup,
      instanceType: new InstanceType(type),
      // Overridden below: the launch template has it.
      machineImage: { getImage: () => ({ imageId: '', osType: OperatingSystemType.LINUX, userData }) },
      instanceProfile: props.instanceProfile,
      userData,
      httpTokens: HttpTokens.REQUIRED,
      httpPutResponseHopLimit: 1,
      detailedMonitoring: true,
      instanceInitiatedShutdownBehavior: InstanceInitiatedShutdownBehavior.TERMINATE,
      propagateTagsToVolumeOnCreation: true,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: BlockDeviceVolume.ebs(lab.hosts.diskGiB, {
            volumeType: EbsDeviceVolumeType.GP3,
            encrypted: true,
            deleteOnTermination: true,
          }),
        },
      ],
      ...(props.placementGroup === undefined ? {} : { placementGroup: props.placementGroup }),
    });
    acknowledge(this.instance, {
      'AwsSolutions-EC29':
        'A lab host must be able to end itself; nothing on it is kept that has not been uploaded to the results bucket.',
    });
    this.launchFromTemplate(lab, host, type);

    this.loadInterface = new CfnNetworkInterface(this, 'LoadInterface', {
      description: `${lab.name}/${host.name} load`,
      subnetId: network.loadSubnet.subnetId,
      groupSet: [network.loadGroup.securityGroupId],
      privateIpAddresses: [
        { primary: true, privateIpAddress: host.address },
        ...host.secondaryAddresses.map((address) => ({ primary: false, privateIpAddress: address })),
      ],
    });
    new CfnNetworkInterfaceAttachment(this, 'LoadAttachment', {
      instanceId: this.instance.instanceId,
      networkInterfaceId: this.loadInterface.ref,
      deviceIndex: '1',
      // A host that ends itself takes its interface with it.
      deleteOnTermination: true,
    });

    tagWithLab(this, lab);
    for (const [key, value] of Object.entries(hostTags(lab, host))) Tags.of(this).add(key, value);
  }

  /**
   * Puts into a launch template what EC2 takes nowhere else: the image as a parameter that it looks up when it launches the host
   * (a CloudFormation parameter is looked up at every deploy, and a newer image would replace hosts whose load interfaces are
   * still attached), and the wish for spot. All else is said by the instance.
   */
  private launchFromTemplate(lab: Lab, host: Host, type: string): void {
    // Neither the template nor the request that EC2 makes of it gets the stack's tags, and what has none is not found again.
    const tags = Object.entries({ ...labTags(lab), ...hostTags(lab, host) }).map(([key, value]) => ({ key, value }));
    const template = new CfnLaunchTemplate(this, 'Template', {
      tagSpecifications: [{ resourceType: 'launch-template', tags }],
      launchTemplateData: {
        imageId: imageOf(lab, type),
        ...(lab.hosts.purchase === 'spot'
          ? {
              tagSpecifications: [{ resourceType: 'spot-instances-request', tags }],
              instanceMarketOptions: {
                marketType: 'spot',
                spotOptions: { spotInstanceType: 'one-time', instanceInterruptionBehavior: 'terminate' },
              },
            }
          : {}),
      },
    });
    const { instance } = this.instance;
    instance.addPropertyDeletionOverride('ImageId');
    instance.launchTemplate = { launchTemplateId: template.ref, version: template.attrLatestVersionNumber };
  }
}

/** Documents and user data count on the addresses that the lab gives each host, so a host of another making would never be found. */
function checkHost(construct: Construct, lab: Lab, host: Host): void {
  const hosts = hostsOf(lab);
  if (hosts.some((own) => isDeepStrictEqual(own, host))) return;
  throw new Error(
    `${construct.node.path}: 'host' must be one of the ${hosts.length} of hostsOf(lab), got ${host.name} with the address ${host.address}`,
  );
}

/** The lab's own image, or Amazon Linux 2023 for the type's processor, by its public SSM parameter. */
function imageOf(lab: Lab, type: string): string {
  if (lab.hosts.image !== undefined) return lab.hosts.image;
  const xen = instanceTypeFacts(type)?.hypervisor === 'xen';
  const arm = new InstanceType(type).architecture === InstanceArchitecture.ARM_64;
  const parameter = AmazonLinux2023ImageSsmParameter.ssmParameterName({
    kernel: new AmazonLinux2023Kernel(lab.hosts.kernel ?? (xen ? '6.1' : '6.18')),
    cpuType: arm ? AmazonLinuxCpuType.ARM_64 : AmazonLinuxCpuType.X86_64,
  });
  return `resolve:ssm:${parameter}`;
}
