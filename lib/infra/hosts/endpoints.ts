import {
  GatewayVpcEndpoint,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  Port,
  SecurityGroup,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
} from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';

/** Where endpoints are made, and for whom. */
export interface EndpointsProps {
  readonly vpc: IVpc;
  /** The subnet that the hosts are in, with its route table. */
  readonly subnet: ISubnet;
  /** The security group of the hosts. */
  readonly hosts: ISecurityGroup;
}

/**
 * Makes what a host needs of AWS without a way to the internet: SSM and its message channels, and S3. The agent of Amazon Linux
 * 2023 (3.3.5226) needs no `ec2messages`: from 3.3.40 on it uses `ssmmessages` where it can ("Reference: ec2messages, ssmmessages,
 * and other API operations"). S3 holds assets, results, the packages of Amazon Linux 2023, and takes the hosts' signals.
 */
export function makeEndpoints(scope: Construct, { vpc, subnet, hosts }: EndpointsProps): readonly Construct[] {
  const subnets = { subnets: [subnet] };
  const group = new SecurityGroup(scope, 'EndpointGroup', {
    vpc,
    description: 'VPC endpoints of the lab: HTTPS from its hosts',
    allowAllOutbound: false,
  });
  group.addIngressRule(hosts, Port.tcp(443), 'The hosts of the lab');
  const services = {
    SsmEndpoint: InterfaceVpcEndpointAwsService.SSM,
    SsmMessagesEndpoint: InterfaceVpcEndpointAwsService.SSM_MESSAGES,
  };
  return [
    ...Object.entries(services).map(
      ([id, service]) =>
        new InterfaceVpcEndpoint(scope, id, { vpc, service, subnets, securityGroups: [group], open: false }),
    ),
    new GatewayVpcEndpoint(scope, 'S3Endpoint', {
      vpc,
      service: GatewayVpcEndpointAwsService.S3,
      subnets: [subnets],
    }),
  ];
}
