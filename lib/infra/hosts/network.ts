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
  type SubnetConfiguration,
} from 'aws-cdk-lib/aws-ec2';
import { Construct, DependencyGroup, type IDependable } from 'constructs';
import { loadSubnet, loadSubnetBits } from '../../config/hosts.ts';
import type { Lab } from '../../config/lab.ts';
import { acknowledge } from '../acknowledge.ts';
import { tagWithLab } from '../tag-with-lab.ts';
import { makeEndpoints } from './endpoints.ts';

/** Props of {@link LabNetwork}. */
export interface LabNetworkProps {
  /** The lab that it is for: its `network` settings, and its name in the names of things. */
  readonly lab: Lab;
}

/**
 * What a VPC of the lab's own has, by how its hosts reach out. The first subnet is that of management; of the /16 the second /20
 * is left to the load subnet.
 */
const subnetsOf: Readonly<Record<Lab['network']['egress'], readonly SubnetConfiguration[]>> = {
  public: [{ name: 'Management', subnetType: SubnetType.PUBLIC, cidrMask: loadSubnetBits }],
  nat: [
    { name: 'Management', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: loadSubnetBits },
    { name: 'Load', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: loadSubnetBits, reserved: true },
    { name: 'Nat', subnetType: SubnetType.PUBLIC, cidrMask: 28 },
  ],
  endpoints: [{ name: 'Management', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: loadSubnetBits }],
};

/**
 * The lab's two networks in one availability zone: a subnet for management, from which hosts reach out (`network.egress`) and
 * nothing reaches in, and a load subnet that has no route to anywhere else.
 */
export class LabNetwork extends Construct {
  /** The lab's own VPC, or the existing one that its settings name. */
  readonly vpc: IVpc;
  /** Hosts reach SSM and S3, and but for `endpoints` package registries, from it. */
  readonly managementSubnet: ISubnet;
  /** What must be there before a host can reach out. */
  readonly egressEstablished: IDependable;
  /** Isolated: nothing but the load. */
  readonly loadSubnet: ISubnet;
  /** No inbound rule; outbound HTTP and HTTPS, which is SSM, S3 and package registries; in an existing VPC also DNS. */
  readonly managementGroup: ISecurityGroup;
  /** Open to every TCP packet in both directions, so that EC2 tracks no connection of the load. */
  readonly loadGroup: ISecurityGroup;

  constructor(scope: Construct, id: string, props: LabNetworkProps) {
    super(scope, id);
    const { lab } = props;
    const { existing, availabilityZone, egress } = lab.network;
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
        natGateways: egress === 'nat' ? 1 : 0,
        subnetConfiguration: [...subnetsOf[egress]],
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
            ...(existing.routeTableId === undefined ? {} : { routeTableId: existing.routeTableId }),
          });
    if (existing !== undefined && existing.routeTableId === undefined) {
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
    if (existing !== undefined) {
      // What a VPC's own resolver answers passes no security group; an existing VPC may name another (a DHCP options set).
      managementGroup.addEgressRule(Peer.anyIpv4(), Port.udp(53), 'DNS servers that the VPC names');
      managementGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(53), 'DNS servers that the VPC names, long answers');
    }
    this.managementGroup = managementGroup;
    const endpoints =
      egress === 'endpoints' && (existing === undefined || existing.routeTableId !== undefined)
        ? makeEndpoints(this, { vpc: this.vpc, subnet: this.managementSubnet, hosts: managementGroup })
        : [];
    this.egressEstablished = new DependencyGroup(this.managementSubnet.internetConnectivityEstablished, ...endpoints);

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
  const { subnets } = vpc.selectSubnets({ subnetGroupName: 'Management' });
  const [subnet] = subnets;
  if (subnet === undefined) throw new Error(`${vpc.node.path} must have a management subnet, it has none`);
  return subnet;
}
