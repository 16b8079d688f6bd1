import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { hostsOf } from '../../lib/config/hosts.ts';
import { labOf } from '../../lib/config/presets.ts';
import { LabStack } from '../../lib/infra/lab-stack.ts';
import { labs } from './synthesized/labs.ts';
import { synthesize } from './synthesized/synthesize.ts';
import { resources } from './synthesized/template-resources.ts';

/** The images of a lab's launch templates, each once. */
function images(input: Readonly<Record<string, unknown>>): readonly unknown[] {
  const templates = Object.values(resources(input, 'AWS::EC2::LaunchTemplate'));
  const named = templates.map(({ Properties }) => {
    const data = Properties['LaunchTemplateData'];
    return typeof data === 'object' && 'ImageId' in data ? data['ImageId'] : undefined;
  });
  return [...new Set(named)];
}

describe('a lab of its own', () => {
  const spot = labs['spot hosts in a given zone'] ?? {};
  const existing = labs['an existing VPC'] ?? {};

  test('takes the image of the processor, and the older kernel only on Xen', () => {
    const latest = (kernel: string) => [`resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-${kernel}`];
    assert.deepEqual(images({}), latest('6.1-x86_64'));
    assert.deepEqual(images({ preset: 'modern' }), latest('6.18-x86_64'));
    assert.deepEqual(images({ preset: 'modern-graviton' }), latest('6.18-arm64'));
  });

  test('has its image looked up when a host is launched, and never by a deploy', () => {
    for (const input of Object.values(labs)) {
      const { template } = synthesize(input);
      const types = Object.values(template.findParameters('*')).map(({ Type }: { Type?: string }) => Type);
      // Of the bootstrap's version, which is not of the template's resources.
      assert.deepEqual(types, ['AWS::SSM::Parameter::Value<String>']);
      template.allResourcesProperties('AWS::EC2::Instance', {
        ImageId: Match.absent(),
        LaunchTemplate: Match.anyValue(),
      });
    }
  });

  test('takes the image that it names for every host', () => {
    assert.deepEqual(images({ hosts: { image: 'ami-0123456789abcdef0' } }), ['ami-0123456789abcdef0']);
  });

  test('has up to 50 load hosts, each with addresses of its own in the load subnet', () => {
    const { template, lab } = synthesize({ preset: 'modern', load: { hosts: 50, secondaryAddresses: 29 } });
    template.resourceCountIs('AWS::EC2::Instance', 51);
    const addresses = hostsOf(lab).flatMap((host) => [host.address, ...host.secondaryAddresses]);
    assert.equal(new Set(addresses).size, 1 + 50 * 30);
    for (const address of addresses) assert.match(address, /^10\.42\.(1[6-9]|2\d|3[01])\./);
    template.hasResourceProperties('AWS::CloudFormation::WaitCondition', { Count: 51 });
  });

  test('has spot hosts in the zone that was asked for, outside a placement group if wished', () => {
    const { template } = synthesize(spot);
    template.resourceCountIs('AWS::EC2::PlacementGroup', 0);
    template.allResourcesProperties('AWS::EC2::Instance', {
      AvailabilityZone: 'us-east-1b',
      PlacementGroupName: Match.absent(),
      LaunchTemplate: Match.anyValue(),
    });
    template.allResourcesProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: Match.objectLike({
        InstanceMarketOptions: {
          MarketType: 'spot',
          SpotOptions: { SpotInstanceType: 'one-time', InstanceInterruptionBehavior: 'terminate' },
        },
      }),
    });
    template.allResourcesProperties('AWS::EC2::Subnet', { AvailabilityZone: 'us-east-1b' });
  });

  test('uses an existing VPC and management subnet, and makes only its load subnet there', () => {
    const { template } = synthesize(existing);
    template.resourceCountIs('AWS::EC2::VPC', 0);
    template.resourceCountIs('AWS::EC2::InternetGateway', 0);
    template.resourceCountIs('AWS::EC2::Subnet', 1);
    template.hasResourceProperties('AWS::EC2::Subnet', {
      VpcId: 'vpc-0123456789abcdef0',
      CidrBlock: '10.42.16.0/20',
      AvailabilityZone: 'us-east-1a',
    });
    template.allResourcesProperties('AWS::EC2::Instance', { SubnetId: 'subnet-0123456789abcdef0' });
  });

  test('has the same fleet whether or not packages are installed beside the assets', (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'c1mlab-assets-'));
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'host'));
    writeFileSync(join(folder, 'host', 'build'), '#!/bin/bash\n', { mode: 0o755 });
    const fleet = () => {
      const app = new App({ analyticsReporting: false, outdir: mkdtempSync(join(tmpdir(), 'c1mlab-synth-')) });
      context.after(() => rmSync(app.outdir, { recursive: true, force: true }));
      const stack = new LabStack(app, 'C1mLab', { lab: labOf({}, 'test'), assetsFolder: folder });
      const [asset = ''] = readdirSync(app.synth().directory).filter((name) => name.startsWith('asset.'));
      return { id: stack.fleet.node.id, mode: statSync(join(app.outdir, asset, 'host/build')).mode & 0o777 };
    };
    const before = fleet();
    for (const extra of ['node_modules', '.cache', 'host/node_modules', 'host/target']) {
      mkdirSync(join(folder, extra));
      writeFileSync(join(folder, extra, 'package.json'), '{}');
    }
    assert.deepEqual(fleet(), before);
    // A host command that lost its mode on the way would not start.
    assert.equal(before.mode, 0o755);
    writeFileSync(join(folder, 'host', 'build'), '#!/bin/bash\nexit 1\n');
    assert.notEqual(fleet().id, before.id);
  });

  test('fails when it does not fit, with the construct, the value and the fix', () => {
    const lab = labOf({ load: { secondaryAddresses: 15 } }, 'test');
    assert.throws(
      () => new LabStack(new App({ analyticsReporting: false }), 'C1mLab', { lab }),
      /^LabError: C1mLab: 'load.secondaryAddresses' must be 0 to 14 on c3.2xlarge, got 15; use fewer addresses and more hosts/,
    );
  });
});
