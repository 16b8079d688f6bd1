import { Tags, Validations } from 'aws-cdk-lib';
import {
  IpAddresses,
  Peer,
  Port,
  PrivateSubnet,
  SecurityGroup,
  Subnet,
  SubnetType,
  Vpc,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { loadSubnet, loadSubnetBits } from '../../config/hosts.ts';
import type { Lab } from '../../config/lab.ts';
import { acknowledge } from '../acknowledge.ts';
import { tagWithLab } from '../tag-with-lab.ts';

/** Props of {@link LabNetwork}. */
export interface LabNetworkProps {
  /** The lab that it is for: its `network` settings, and its name in the names of things. */
  readonly lab: Lab;
}

/**
 * The lab's two networks in one availability zone: a public subnet for management, from which hosts reach out and nothing reaches
 * in, and a load subnet that has no route to anywhere else.
 */
export class LabNetwork extends Construct {
  /** The lab's own VPC, or the existing one that its settings name. */
  readonly vpc: IVpc;
  /** Public: hosts reach SSM, S3 and package registries from it. */
  readonly managementSubnet: ISubnet;
  /** Isolated: nothing but the load. */
  readonly loadSubnet: ISubnet;
  /** No inbound rule; outbound HTTP and HTTPS, which is SSM, S3 and package registries. */
  readonly managementGroup: ISecurityGroup;
  /** Open to every TCP packet in both directions, so that EC2 tracks no connection of the load. */
  readonly loadGroup: ISecurityGroup;

  constructor(scope: Construct, id: string, props: LabNetworkProps) {
    super(scope, id);
    const { lab } = props;
    const { existing, availabilityZone } = lab.network;
    if (!/^10\.\d{1,3}$/.test(lab.network.prefix)) {
      throw new Error(
        `${this.node.path}: 'network.prefix' must be the first two numbers of a 10.0.0.0/8 network, such as 10.42, got ${lab.network.prefix}`,
      );
    }
    if (availabilityZone === undefined && existing === undefined) {
      const types = [...new Set([lab.server.instanceType, lab.load.instanceType])];
      Validations.of(this).addWarning(
        'c1mlab:zone',
        `'network.availabilityZone' is not given: the hosts go to the region's first zone, which may not offer ${types.join(' or ')}; c1m check --lab FILE --write puts one that does into the lab file, or deploy with -c zone=ZONE`,
      );
    }
    tagWithLab(this, lab);

    if (existing === undefined) {
      const vpc = new Vpc(this, 'Vpc', {
        ipAddresses: IpAddresses.cidr(`${lab.network.prefix}.0.0/16`),
        ...(availabilityZone === undefined ? { maxAzs: 1 } : { availabilityZones: [availabilityZone] }),
        natGateways: 0,
        subnetConfiguration: [{ name: 'Management', subnetType: SubnetType.PUBLIC, cidrMask: loadSubnetBits }],
        // Would be a Lambda-backed custom resource, whose log group stays behind. No host uses the default group.
        restrictDefaultSecurityGroup: false,
      });
      acknowledge(vpc, {
        'AwsSolutions-VPC7':
          'A lab of a few hours in a VPC of its own: flow logs of a million connections would cost more than the lab, and the hosts record their own counters.',
      });
      this.vpc = vpc;
    } else {
      if (availabilityZone === undefined) {
        throw new Error(
          `${this.node.path}: 'network.availabilityZone' must be given with 'network.existing': it is the zone of ${existing.managementSubnetId}`,
        );
      }
      this.vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
        vpcId: existing.vpcId,
        availabilityZones: [availabilityZone],
      });
    }

    this.managementSubnet =
      existing === undefined
        ? onlySubnet(this.vpc)
        : Subnet.fromSubnetAttributes(this, 'ManagementSubnet', {
            subnetId: existing.managementSubnetId,
            ...(availabilityZone === undefined ? {} : { availabilityZone }),
          });
    if (existing !== undefined) {
      acknowledge(this.managementSubnet, {
        'Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId': 'The lab adds no route to a subnet that is not its own.',
      });
    }
    const load = new PrivateSubnet(this, 'LoadSubnet', {
      vpcId: this.vpc.vpcId,
      availabilityZone: this.managementSubnet.availabilityZone,
      cidrBlock: loadSubnet(lab),
      mapPublicIpOnLaunch: false,
    });
    Tags.of(load).add('Name', `${lab.name}/load`);
    this.loadSubnet = load;

    const managementGroup = new SecurityGroup(this, 'ManagementGroup', {
      vpc: this.vpc,
      description: 'Management of the lab hosts: outbound only',
      allowAllOutbound: false,
    });
    managementGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'SSM, S3 and package registries');
    managementGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(80), 'Package registries that still redirect from HTTP');
    this.managementGroup = managementGroup;

    const loadGroup = new SecurityGroup(this, 'LoadGroup', {
      vpc: this.vpc,
      description: 'Load between the lab hosts, in a subnet without a route out: every TCP packet, untracked',
      allowAllOutbound: false,
    });
    // Flows are untracked only while any IPv4 address is allowed in and out on every port; anything narrower is tracked, up
    // to a limit that EC2 does not publish (EC2 User Guide, "Security group connection tracking").
    loadGroup.addIngressRule(Peer.anyIpv4(), Port.allTcp(), 'Untracked load');
    loadGroup.addEgressRule(Peer.anyIpv4(), Port.allTcp(), 'Untracked load');
    const untracked =
      'Only a rule for any address leaves flows untracked; the group is on interfaces without public addresses, in a subnet without a route out.';
    acknowledge(loadGroup, { 'AwsSolutions-EC23': untracked, 'CloudFormation-Validate::W2508': untracked });
    this.loadGroup = loadGroup;
  }
}

function onlySubnet(vpc: IVpc): ISubnet {
  const [subnet] = vpc.publicSubnets;
  if (subnet === undefined) throw new Error(`${vpc.node.path} must have a public subnet, it has none`);
  return subnet;
}
