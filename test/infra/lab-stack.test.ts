import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { hostsOf } from '../../lib/config/hosts.ts';
import { terminateOverdueHosts } from '../../lib/infra/host-reaper.ts';
import { labs } from './synthesized/labs.ts';
import { synthesize } from './synthesized/synthesize.ts';
import { type Json, resources } from './synthesized/template-resources.ts';
import { untaggedTypes } from './synthesized/untagged-types.ts';

/** What a `{ "Ref": … }` refers to. */
function referenceOf(value: Json | undefined): string {
  const name = typeof value === 'object' && 'Ref' in value ? value['Ref'] : undefined;
  return typeof name === 'string' ? name : '';
}

function tagsOf(properties: Readonly<Record<string, unknown>>): Record<string, string> {
  const tags = (properties['Tags'] ?? []) as readonly { readonly Key: string; readonly Value: string }[];
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
}

/** The JSON of what holds `\n` in the places of the partition, as CloudFormation joins it. */
function textParts(value: object): readonly Json[] {
  return JSON.stringify(value)
    .split('\\n')
    .flatMap((text, index) => (index === 0 ? [text] : [{ Ref: 'AWS::Partition' }, text]));
}

/** What is looked at of a state in Amazon States Language. */
interface State {
  readonly Resource?: string;
  readonly Arguments?: Readonly<Record<string, unknown>>;
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Next?: string;
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

  test('waits for a signal of each host, from its launch on, at a handle, which takes a reason', () => {
    const [handle] = Object.keys(resources({}, 'AWS::CloudFormation::WaitConditionHandle'));
    const [ready] = Object.values(resources({}, 'AWS::CloudFormation::WaitCondition'));
    assert.deepEqual(ready?.Properties, { Handle: { Ref: handle }, Count: 3, Timeout: '1200' });
    // A host waits for its load interface: who waits for hosts may not keep that from being attached.
    const hosts = Object.keys(resources({}, 'AWS::EC2::Instance'));
    assert.deepEqual((ready?.DependsOn ?? []).filter((id) => !/LaunchTemplate|Template/.test(id)).sort(), hosts.sort());
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
    assert.deepEqual([...new Set(untagged)].sort(), untaggedTypes);
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
    const [machine] = Object.values(resources({}, 'AWS::StepFunctions::StateMachine'));
    const definition = { 'Fn::Join': ['', textParts(terminateOverdueHosts('C1mLab', 24, '\n'))] };
    assert.deepEqual(machine?.Properties['DefinitionString'], definition);
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

  test('looks at few hosts at a time, for Step Functions takes 256 KiB from a step, and at all of them in the end', () => {
    const machine = terminateOverdueHosts('C1mLab', 24, 'aws-cn') as {
      readonly States: Readonly<Record<string, State>>;
    };
    const states = Object.values(machine.States);
    const finding = states.filter(({ Resource }) => Resource?.endsWith(':describeInstances') === true);
    assert.equal(finding.length, 2);
    for (const { Resource, Arguments, Next } of finding) {
      assert.equal(Resource, 'arn:aws-cn:states:::aws-sdk:ec2:describeInstances');
      assert.match(JSON.stringify(Arguments), /"tag:c1mlab:lab","Values":\["C1mLab"\]/);
      assert.ok(Number(Arguments?.['MaxResults'] ?? 1000) <= 20);
      assert.equal(Next, 'AnyOverdue');
    }
    assert.equal(machine.States['FindMoreOverdueHosts']?.Arguments?.['NextToken'], '{% $states.input.next %}');
    assert.equal(machine.States['TerminateHosts']?.Next, 'AnyMore');
    assert.equal(machine.States['AnyMore']?.Choices?.[0]?.Next, 'FindMoreOverdueHosts');
  });

  test('uses no custom resource and no function, whose log groups would stay behind', () => {
    for (const [, { Type }] of Object.entries(template.toJSON()['Resources'] as Record<string, { Type: string }>)) {
      assert.ok(!/^(Custom::|AWS::CloudFormation::CustomResource|AWS::Lambda|AWS::Logs)/.test(Type), Type);
    }
  });

  test('names no partition, so that it can be deployed to any', () => {
    for (const [name, input] of Object.entries(labs)) {
      const text = JSON.stringify(synthesize(input).template.toJSON());
      // A topic is given with its partition.
      assert.doesNotMatch(text.replaceAll(String(input['notify']), ''), /arn:aws[a-z-]*:/, name);
    }
  });
});
