import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { fitOf } from '../../lib/config/lab-fit.ts';
import { labOf } from '../../lib/config/presets.ts';
import { cidrsOverlap } from '../../lib/aws/check/cidr.ts';
import { labs } from './synthesized/labs.ts';
import { synthesize } from './synthesized/synthesize.ts';
import { resources, type Json } from './synthesized/template-resources.ts';

/** Blocks of the subnets of a lab, by whether EC2 gives their hosts public addresses. */
function subnetBlocks(input: Readonly<Record<string, unknown>>) {
  return Object.values(resources(input, 'AWS::EC2::Subnet')).map(({ Properties }) => {
    const block = Properties['CidrBlock'];
    assert.ok(typeof block === 'string');
    return [block, Properties['MapPublicIpOnLaunch'] === true] as const;
  });
}

const image = { image: 'ami-0123456789abcdef0' };

describe('the way out of the hosts', () => {
  test('is a public address of each, unless a lab file says otherwise', () => {
    assert.deepEqual(subnetBlocks({}), [
      ['10.42.0.0/20', true],
      ['10.42.16.0/20', false],
    ]);
  });

  test('is one NAT gateway in a subnet of its own, which is none of the load', () => {
    const nat = { network: { egress: 'nat' } };
    const blocks = subnetBlocks(nat);
    assert.equal(blocks.length, 3);
    assert.deepEqual(
      blocks.filter(([, isPublic]) => !isPublic).map(([block]) => block),
      ['10.42.0.0/20', '10.42.16.0/20'],
    );
    for (const [index, [block]] of blocks.entries()) {
      for (const [other] of blocks.slice(index + 1)) assert.ok(!cidrsOverlap(block, other), `${block} ${other}`);
    }
    const { template } = synthesize(nat);
    template.resourceCountIs('AWS::EC2::NatGateway', 1);
    for (const { DependsOn = [] } of Object.values(resources(nat, 'AWS::EC2::Instance'))) {
      assert.ok(
        DependsOn.some((id) => id.includes('ManagementSubnet1DefaultRoute')),
        DependsOn.join(),
      );
    }
  });

  test('is nothing but endpoints of SSM and S3, in a VPC without a gateway, which are there before a host boots', () => {
    const endpoints = { network: { egress: 'endpoints' }, hosts: image };
    const { template } = synthesize(endpoints);
    template.resourceCountIs('AWS::EC2::InternetGateway', 0);
    template.resourceCountIs('AWS::EC2::Route', 0);
    assert.ok(subnetBlocks(endpoints).every(([, isPublic]) => !isPublic));
    const made = resources(endpoints, 'AWS::EC2::VPCEndpoint');
    const services = Object.values(made).map(({ Properties }) => [
      JSON.stringify(Properties['ServiceName']).match(/\.(\w+)"\]\]/)?.[1],
      Properties['VpcEndpointType'],
    ]);
    assert.deepEqual(services, [
      ['ssm', 'Interface'],
      ['ssmmessages', 'Interface'],
      ['s3', 'Gateway'],
    ]);
    for (const { DependsOn = [] } of Object.values(resources(endpoints, 'AWS::EC2::Instance'))) {
      for (const id of Object.keys(made)) assert.ok(DependsOn.includes(id), id);
    }
  });

  test('takes HTTPS from the hosts at the endpoints, and from nobody else', () => {
    const endpoints = { network: { egress: 'endpoints' }, hosts: image };
    const [ingress, ...others] = Object.values(resources(endpoints, 'AWS::EC2::SecurityGroupIngress'));
    assert.deepEqual(others, []);
    assert.deepEqual([ingress?.Properties['FromPort'], ingress?.Properties['ToPort']], [443, 443]);
    assert.match(JSON.stringify(ingress?.Properties['SourceSecurityGroupId']), /ManagementGroup/);
  });

  test('of an existing VPC is what is there, and endpoints when its route table is given', () => {
    for (const [name, count] of [
      ['an existing VPC', 0],
      ['endpoints in an existing VPC', 3],
    ] as const) {
      synthesize(labs[name]).template.resourceCountIs('AWS::EC2::VPCEndpoint', count);
    }
    const { template } = synthesize(labs['endpoints in an existing VPC']);
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', { RouteTableIds: ['rtb-0123456789abcdef0'] });
  });

  test('asks DNS servers of an existing VPC, which may not be those of Amazon', () => {
    const ports = (input: Readonly<Record<string, unknown>> = {}): readonly Json[] => {
      const groups = resources(input, 'AWS::EC2::SecurityGroup', {
        Properties: { GroupDescription: Match.stringLikeRegexp('^Management') },
      });
      const rules = Object.values(groups)[0]?.Properties['SecurityGroupEgress'];
      return Array.isArray(rules)
        ? rules.map(
            (rule: { readonly IpProtocol: string; readonly FromPort: number }) => `${rule.IpProtocol} ${rule.FromPort}`,
          )
        : [];
    };
    assert.deepEqual(ports(), ['tcp 443', 'tcp 80']);
    assert.deepEqual(ports(labs['an existing VPC']), ['tcp 443', 'tcp 80', 'udp 53', 'tcp 53']);
  });

  test('is warned of when nothing could be built, and says where to read on', () => {
    const warnings = (hosts: object) => fitOf(labOf({ network: { egress: 'endpoints' }, hosts }, 'test')).warnings;
    assert.match(warnings({})[0] ?? '', /neither the load generator nor a server can be built; docs\/aws\.md says/);
    assert.deepEqual(warnings(image), []);
  });
});
