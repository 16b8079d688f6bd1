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
import { labs } from './labs.ts';
import { synthesize } from './synthesize.ts';

interface Resource {
  // A template's properties are whatever CloudFormation says; each test knows what it looks at.
  readonly Properties: Readonly<Record<string, Json>>;
  readonly DependsOn?: readonly string[];
}

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** What a `{ "Ref": … }` refers to. */
function referenceOf(value: Json | undefined): string {
  const name = typeof value === 'object' && 'Ref' in value ? value['Ref'] : undefined;
  return typeof name === 'string' ? name : '';
}

/** The resources of a type, by logical id. */
function resources(input: Readonly<Record<string, unknown>>, type: string, props?: object) {
  return synthesize(input).template.findResources(type, props) as Record<string, Resource>;
}

function tagsOf(properties: Readonly<Record<string, unknown>>): Record<string, string> {
  const tags = (properties['Tags'] ?? []) as readonly { readonly Key: string; readonly Value: string }[];
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
}

describe('the stack of the article preset', () => {
  const { template, lab } = synthesize();

  test('is named C1mLab and holds one c3.4xlarge and two c3.2xlarge', () => {
    assert.equal(lab.name, 'C1mLab');
    template.resourcePropertiesCountIs('AWS::EC2::Instance', { InstanceType: 'c3.4xlarge' }, 1);
    template.resourcePropertiesCountIs('AWS::EC2::Instance', { InstanceType: 'c3.2xlarge' }, 2);
    template.resourceCountIs('AWS::EC2::Instance', 3);
  });

  test('gives every host the load addresses that the documents expect', () => {
    const addresses = Object.values(resources({}, 'AWS::EC2::NetworkInterface')).map(
      ({ Properties }) => Properties['PrivateIpAddresses'],
    );
    const expected = hostsOf(lab).map((host) => [
      { Primary: true, PrivateIpAddress: host.address },
      ...host.secondaryAddresses.map((address) => ({ Primary: false, PrivateIpAddress: address })),
    ]);
    assert.deepEqual(addresses, expected);
    assert.deepEqual(
      addresses.map((list) => Array.isArray(list) && list.length),
      [1, 11, 11],
    );
  });

  test('attaches every load interface to its host as the second one', () => {
    const attachments = Object.values(resources({}, 'AWS::EC2::NetworkInterfaceAttachment'));
    assert.equal(attachments.length, 3);
    for (const { Properties } of attachments) {
      assert.equal(Properties['DeviceIndex'], '1');
      assert.equal(Properties['DeleteOnTermination'], true);
      const owner = (reference: Json | undefined) =>
        /(Server|Load\d)(Instance|LoadInterface)/.exec(referenceOf(reference))?.[1];
      assert.equal(owner(Properties['InstanceId']), owner(Properties['NetworkInterfaceId']));
    }
  });

  test('hardens every host: IMDSv2 only, encrypted gp3, termination on shutdown, detailed monitoring, no key', () => {
    template.allResourcesProperties('AWS::EC2::Instance', {
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      InstanceInitiatedShutdownBehavior: 'terminate',
      Monitoring: true,
      KeyName: Match.absent(),
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: Match.objectLike({ Encrypted: true, VolumeType: 'gp3' }) }],
    });
  });

  test('starts no host before its way out and its rights are there', () => {
    for (const { DependsOn = [] } of Object.values(resources({}, 'AWS::EC2::Instance'))) {
      assert.ok(
        DependsOn.some((id) => id.includes('DefaultRoute')),
        DependsOn.join(),
      );
      assert.ok(
        DependsOn.some((id) => id.startsWith('HostRoleDefaultPolicy')),
        DependsOn.join(),
      );
    }
  });

  test('waits for one signal a host on a wait condition that depends on nothing', () => {
    const [ready] = Object.values(resources({}, 'AWS::CloudFormation::WaitCondition'));
    assert.deepEqual(ready, {
      Type: 'AWS::CloudFormation::WaitCondition',
      CreationPolicy: { ResourceSignal: { Count: 3, Timeout: 'PT20M' } },
    });
  });

  test('lets nothing into the management interface, and nothing but HTTP and HTTPS out of it', () => {
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: Match.stringLikeRegexp('^Management'),
      SecurityGroupIngress: Match.absent(),
      SecurityGroupEgress: [
        Match.objectLike({ FromPort: 443, ToPort: 443 }),
        Match.objectLike({ FromPort: 80, ToPort: 80 }),
      ],
    });
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  });

  test('opens the load interface to all TCP from any address in both directions, which leaves flows untracked', () => {
    const all = [Match.objectLike({ CidrIp: '0.0.0.0/0', IpProtocol: 'tcp', FromPort: 0, ToPort: 65535 })];
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: Match.stringLikeRegexp('^Load'),
      SecurityGroupIngress: all,
      SecurityGroupEgress: all,
    });
  });

  test('gives the load subnet no route and no public addresses', () => {
    const [[id, load] = []] = Object.entries(
      resources({}, 'AWS::EC2::Subnet', { Properties: { CidrBlock: '10.42.16.0/20' } }),
    );
    assert.equal(load?.Properties['MapPublicIpOnLaunch'], false);
    const associations = Object.values(resources({}, 'AWS::EC2::SubnetRouteTableAssociation'));
    const table = associations.find(({ Properties }) => referenceOf(Properties['SubnetId']) === id);
    const routes = Object.values(resources({}, 'AWS::EC2::Route')).map(({ Properties }) => Properties['RouteTableId']);
    assert.ok(table !== undefined);
    assert.equal(routes.length, 1);
    assert.notDeepEqual(routes[0], table.Properties['RouteTableId']);
  });

  test('tags hosts for the documents, and everything that takes tags with lab, owner and expiry', () => {
    const hosts = Object.values(resources({}, 'AWS::EC2::Instance')).map(({ Properties }) => tagsOf(Properties));
    assert.deepEqual(
      hosts.map((tags) => [
        tags['c1mlab:lab'],
        tags['c1mlab:target'],
        tags['c1mlab:role'],
        tags['c1mlab:host'],
        tags['Name'],
      ]),
      [
        ['C1mLab', 'C1mLab/server', 'server', 'C1mLab/server', 'C1mLab/server'],
        ['C1mLab', 'C1mLab/load', 'load', 'C1mLab/load-1', 'C1mLab/load-1'],
        ['C1mLab', 'C1mLab/load', 'load', 'C1mLab/load-2', 'C1mLab/load-2'],
      ],
    );
    const untaggable = [
      'AWS::CloudFormation::WaitCondition',
      'AWS::EC2::NetworkInterfaceAttachment',
      'AWS::EC2::Route',
      'AWS::EC2::SubnetRouteTableAssociation',
      'AWS::EC2::VPCGatewayAttachment',
      'AWS::IAM::InstanceProfile',
      'AWS::IAM::Policy',
      'AWS::S3::BucketPolicy',
      // The stack's own tags reach it.
      'AWS::SSM::Parameter',
      'AWS::Scheduler::Schedule',
    ];
    const all = template.toJSON()['Resources'] as Record<
      string,
      { Type: string; Properties?: Record<string, unknown> }
    >;
    const untagged = Object.values(all)
      .filter(({ Properties = {} }) => {
        const tags = tagsOf(Properties);
        return !(tags['c1mlab:lab'] && tags['c1mlab:owner'] && tags['c1mlab:expiry'] === 'PT24H');
      })
      .map(({ Type }) => Type);
    assert.deepEqual([...new Set(untagged)].sort(), untaggable);
  });

  test('keeps results in a private, encrypted, expiring bucket that takes TLS only', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Delete',
      Properties: {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 30, Status: 'Enabled' })] },
      },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: Match.objectLike({
        Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
      }),
    });
  });

  test('lets a host write below one prefix and read its assets, and neither send commands nor read results', () => {
    const policies = Object.entries(resources({}, 'AWS::IAM::Policy'));
    const document = policies.find(([id]) => id.startsWith('HostRole'))?.[1].Properties['PolicyDocument'];
    const { Statement: statements } = document as unknown as {
      readonly Statement: readonly { readonly Action: string | readonly string[]; readonly Resource: Json }[];
    };
    const actions = statements.flatMap(({ Action }) => Action);
    assert.deepEqual(actions.filter((action) => action.startsWith('s3:')).sort(), [
      's3:AbortMultipartUpload',
      's3:GetObject',
      's3:PutObject',
    ]);
    assert.ok(!actions.some((action) => action.includes('*') || action.includes('SendCommand')), actions.join());
    const upload = statements.find(({ Action }) => Action.includes('s3:PutObject'));
    assert.match(JSON.stringify(upload?.Resource), /"\/runs\/\*"/);
  });

  test('ends hosts from outside, by tag, at most a quarter of an hour after what their expiry tag says', () => {
    template.hasResourceProperties('AWS::Scheduler::Schedule', { ScheduleExpression: 'rate(15 minutes)' });
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      DefinitionString: Match.serializedJson(
        Match.objectLike({
          QueryLanguage: 'JSONata',
          States: Match.objectLike({
            FindOverdueHosts: Match.objectLike({
              Arguments: { Filters: Match.arrayWith([{ Name: 'tag:c1mlab:lab', Values: ['C1mLab'] }]) },
              Assign: { overdue: Match.stringLikeRegexp('\\$millis\\(\\) - 86400000') },
            }),
          }),
        }),
      ),
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'ec2:TerminateInstances',
            Condition: { StringEquals: { 'aws:ResourceTag/c1mlab:lab': 'C1mLab' } },
          }),
        ]),
      }),
    });
  });

  test('uses no custom resource and no function, whose log groups would stay behind', () => {
    for (const [, { Type }] of Object.entries(template.toJSON()['Resources'] as Record<string, { Type: string }>)) {
      assert.ok(!/^(Custom::|AWS::CloudFormation::CustomResource|AWS::Lambda|AWS::Logs)/.test(Type), Type);
    }
  });
});

describe('a lab of its own', () => {
  const spot = labs['spot hosts in a given zone'] ?? {};
  const existing = labs['an existing VPC'] ?? {};

  test('takes the image of the processor, and the older kernel only on Xen', () => {
    const image = (input: Readonly<Record<string, unknown>>) =>
      Object.values(
        synthesize(input).template.findParameters('*', { Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>' }),
      ).map(({ Default }: { Default?: string }) => Default?.split('/').at(-1));
    assert.deepEqual(image({}), ['al2023-ami-kernel-6.1-x86_64']);
    assert.deepEqual(image({ preset: 'modern' }), ['al2023-ami-kernel-6.18-x86_64']);
    assert.deepEqual(image({ preset: 'modern-graviton' }), ['al2023-ami-kernel-6.18-arm64']);
  });

  test('has up to 50 load hosts, each with addresses of its own in the load subnet', () => {
    const { template, lab } = synthesize({ preset: 'modern', load: { hosts: 50, secondaryAddresses: 29 } });
    template.resourceCountIs('AWS::EC2::Instance', 51);
    const addresses = hostsOf(lab).flatMap((host) => [host.address, ...host.secondaryAddresses]);
    assert.equal(new Set(addresses).size, 1 + 50 * 30);
    for (const address of addresses) assert.match(address, /^10\.42\.(1[6-9]|2\d|3[01])\./);
    template.hasResource('AWS::CloudFormation::WaitCondition', { CreationPolicy: { ResourceSignal: { Count: 51 } } });
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

  test('replaces its whole fleet when anything about the hosts changes, and nothing of it otherwise', () => {
    const fleetIds = (input: Readonly<Record<string, unknown>>) => Object.keys(resources(input, 'AWS::EC2::Instance'));
    const before = fleetIds({});
    assert.deepEqual(fleetIds({ owner: 'someone', results: { keepDays: 3 }, lifetime: { maximumHours: 30 } }), before);
    for (const change of [
      { hosts: { generation: 2 } },
      { network: { port: 9000 } },
      { load: { secondaryAddresses: 11 } },
      { lifetime: { hours: 5 } },
    ]) {
      const after = fleetIds(change);
      assert.equal(after.length, before.length);
      assert.deepEqual(
        after.filter((id) => before.includes(id)),
        [],
        JSON.stringify(change),
      );
    }
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
    // A verb that lost its mode on the way would not start.
    assert.equal(before.mode, 0o755);
    writeFileSync(join(folder, 'host', 'build'), '#!/bin/bash\nexit 1\n');
    assert.notEqual(fleet().id, before.id);
  });

  test('fails when it does not fit, with the construct, the value and the fix', () => {
    const lab = labOf({ load: { secondaryAddresses: 15 } }, 'test');
    assert.throws(
      () => new LabStack(new App({ analyticsReporting: false }), 'C1mLab', { lab }),
      /^Error: C1mLab: 'load.secondaryAddresses' must be 0 to 14 on c3.2xlarge, got 15; use fewer addresses and more hosts/,
    );
  });
});
