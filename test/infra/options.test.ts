import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { fitOf } from '../../lib/config/lab-fit.ts';
import { labOf } from '../../lib/config/presets.ts';
import { synthesize } from './synthesized/synthesize.ts';
import { resources } from './synthesized/template-resources.ts';

const expression = 'rate(2 hours)';
const email = 'someone@example.org';

describe('a schedule', () => {
  /** What the scheduler would ask of SSM; references are `<name>`. */
  function requestOf(schedule: object): {
    readonly DocumentName: string;
    readonly Parameters: Record<string, string[]>;
  } {
    const found = resources({ schedule }, 'AWS::Scheduler::Schedule', {
      Properties: { ScheduleExpression: expression },
    });
    const target = Object.values(found)[0]?.Properties['Target'] as {
      readonly Input: { readonly 'Fn::Join': readonly [string, readonly unknown[]] };
    };
    const parts = target.Input['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : '<role>'));
    return JSON.parse(parts.join(''));
  }

  test('starts the Benchmark document as the automation role', () => {
    assert.deepEqual(requestOf({ expression }), {
      DocumentName: 'C1mLab-Benchmark',
      Parameters: { Server: ['netty'], AutomationAssumeRole: ['<role>'] },
    });
  });

  test('gives the workload as text, with the time that it takes', () => {
    const { Parameters: parameters } = requestOf({
      expression,
      server: 'go',
      workload: 'broadcast times=3 every=10s',
      parameters: { Connections: '5000' },
    });
    assert.deepEqual(parameters['Server'], ['go']);
    assert.deepEqual(parameters['Connections'], ['5000']);
    assert.match(parameters['Workload']?.[0] ?? '', /^broadcast times=3 every=10s/);
    assert.ok(Number(parameters['DriveTimeoutSeconds']?.[0]) > 600);
  });

  test('runs as a role that may start one document, and pass one role to SSM', () => {
    const policies = Object.entries(resources({ schedule: { expression } }, 'AWS::IAM::Policy'));
    const policy = JSON.stringify(policies.find(([id]) => id.startsWith('ScheduleRole'))?.[1].Properties);
    assert.match(policy, /"Action":"ssm:StartAutomationExecution"/);
    assert.match(policy, /automation-definition\/C1mLab-Benchmark:\*/);
    assert.match(
      policy,
      /"Action":"iam:PassRole","Condition":\{"StringEquals":\{"iam:PassedToService":"ssm.amazonaws.com"\}\}/,
    );
    assert.match(policy, /"Resource":\{"Fn::GetAtt":\["AutomationRole\w+","Arn"\]\}/);
  });

  for (const [what, schedule, message] of [
    [
      'a parameter that the document has not',
      { parameters: { Conections: '5' } },
      /takes the parameters Server, .*, got Conections$/,
    ],
    [
      'a value that the document does not take',
      { parameters: { Connections: 'many' } },
      /parameter Connections must match .*, got many$/,
    ],
    ['a role of its own', { parameters: { AutomationAssumeRole: 'arn' } }, /got AutomationAssumeRole$/],
    ['what is no workload', { workload: 'dance' }, /^LabError: 'dance' is not a workload/],
  ] as const) {
    test(`fails at synth with ${what}`, () => {
      assert.throws(() => synthesize({ schedule: { expression, ...schedule } }), message);
    });
  }

  test('fails with an expression that the scheduler does not know', () => {
    for (const wrong of ['every 2 hours', 'rate(0 hours)', 'cron(; rm -rf /)', 'at(tomorrow)']) {
      assert.throws(
        () => labOf({ schedule: { expression: wrong } }, 'test'),
        /'schedule.expression' must be an expression/,
      );
    }
    for (const right of ['rate(1 day)', 'cron(0 3 ? * MON-FRI *)', 'at(2030-01-31T03:00:00)'])
      labOf({ schedule: { expression: right } }, 'test');
  });

  test('is warned of when most runs would find no hosts', () => {
    const warnings = (given: string) => fitOf(labOf({ schedule: { expression: given } }, 'test')).warnings;
    assert.match(warnings('rate(1 day)')[0] ?? '', /starts a run every 24 h, and a host ends itself 4 h after/);
    assert.deepEqual(warnings('rate(240 minutes)'), []);
  });
});

describe('notices', () => {
  test('go to an e-mail address through a topic of the lab, which takes TLS only', () => {
    const { template } = synthesize({ notify: email });
    template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: email });
    const [policy] = Object.values(resources({ notify: email }, 'AWS::SNS::TopicPolicy'));
    assert.match(JSON.stringify(policy), /"aws:SecureTransport":"false"/);
    assert.match(JSON.stringify(policy), /"Service":"events.amazonaws.com"/);
  });

  test('go to a topic that is given, beside which the lab makes none', () => {
    const notify = 'arn:aws:sns:us-east-1:123456789012:lab';
    const { template } = synthesize({ notify });
    template.resourceCountIs('AWS::SNS::Topic', 0);
    template.allResourcesProperties('AWS::Events::Rule', { Targets: [Match.objectLike({ Arn: notify })] });
  });

  test('tell of every end of a run of this lab, and of its own hosts', () => {
    const { template } = synthesize({ notify: email });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.ssm'],
        'detail-type': ['EC2 Automation Execution Status-change Notification'],
        detail: { Definition: ['C1mLab-Benchmark'], Status: ['Success', 'Failed', 'TimedOut', 'Cancelled'] },
      },
    });
    const hosts = Object.keys(resources({ notify: email }, 'AWS::EC2::Instance')).map((id) => ({ Ref: id }));
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['aws.ec2'], detail: { 'instance-id': hosts, state: ['stopped', 'terminated'] } },
    });
  });
});

describe('a budget', () => {
  test("counts what carries the lab's tag, and tells who is to be notified", () => {
    const { template } = synthesize({ notify: email, budget: { monthlyUsd: 50 } });
    const subscribers = [{ SubscriptionType: 'EMAIL', Address: email }];
    template.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: {
        BudgetType: 'COST',
        TimeUnit: 'MONTHLY',
        BudgetLimit: { Amount: 50, Unit: 'USD' },
        CostFilters: { TagKeyValue: ['user:c1mlab:lab$C1mLab'] },
      },
      NotificationsWithSubscribers: [
        Match.objectLike({ Subscribers: subscribers }),
        Match.objectLike({ Subscribers: subscribers }),
      ],
    });
  });

  test('without anybody to tell is warned of', () => {
    assert.match(fitOf(labOf({ budget: { monthlyUsd: 50 } }, 'test')).warnings[0] ?? '', /nobody hears/);
  });
});

describe('results that are kept', () => {
  test('outlive the stack, and still take TLS only', () => {
    for (const type of ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy']) {
      for (const [keep, policy] of [
        [true, 'Retain'],
        [false, 'Delete'],
      ] as const) {
        const [resource] = Object.values(resources({ results: { keep } }, type)) as {
          readonly DeletionPolicy?: string;
        }[];
        assert.equal(resource?.DeletionPolicy ?? 'Delete', policy, type);
      }
    }
  });
});

describe('a lab file without any of them', () => {
  test('makes none of their resources', () => {
    const { template } = synthesize();
    for (const type of [
      'AWS::SNS::Topic',
      'AWS::Events::Rule',
      'AWS::Budgets::Budget',
      'AWS::EC2::NatGateway',
      'AWS::EC2::VPCEndpoint',
    ]) {
      template.resourceCountIs(type, 0);
    }
    template.resourceCountIs('AWS::Scheduler::Schedule', 1);
  });
});
