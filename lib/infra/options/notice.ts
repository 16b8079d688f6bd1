import { Stack } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, EventField } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { Topic, type ITopic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Lab } from '../../config/lab.ts';
import { documentName } from '../../documents/benchmark.ts';
import { acknowledge } from '../acknowledge.ts';
import { checkLabName } from '../check-props.ts';

/** Props of {@link LabNotice}. */
export interface LabNoticeProps {
  /** The lab that is reported on. */
  readonly lab: Pick<Lab, 'name'>;
  /** An e-mail address, whose owner has to confirm once, or the ARN of a topic, which must let EventBridge publish. */
  readonly notify: string;
  /** The ids of the hosts' instances. */
  readonly instanceIds: readonly string[];
}

/**
 * Says when a benchmark has ended, however it was started and however it ended, and when a host has ended without a deploy having
 * ended it: its lifetime was over, EC2 took it back, or somebody terminated it. Once a deploy replaces or deletes hosts, these
 * are not looked at any more.
 */
export class LabNotice extends Construct {
  /** Where the notices go. */
  readonly topic: ITopic;

  constructor(scope: Construct, id: string, props: LabNoticeProps) {
    super(scope, id);
    const { lab, notify } = props;
    checkLabName(this.node.path, lab.name);
    const stack = Stack.of(this);
    this.topic = notify.startsWith('arn:') ? Topic.fromTopicArn(this, 'Topic', notify) : this.topicFor(notify, lab);

    const document = documentName(lab, 'Benchmark');
    const runEnded = new Rule(this, 'RunEnded', {
      description: `A run of ${document} has ended`,
      // "Amazon EventBridge event examples for Systems Manager", Automation Execution Status-change Notification.
      eventPattern: {
        source: ['aws.ssm'],
        detailType: ['EC2 Automation Execution Status-change Notification'],
        detail: { Definition: [document], Status: ['Success', 'Failed', 'TimedOut', 'Cancelled'] },
      },
      targets: [
        this.notice(
          `${lab.name}: the run ${EventField.fromPath('$.detail.ExecutionId')} has ended: ${EventField.fromPath('$.detail.Status')}. ` +
            `See it with: aws ssm get-automation-execution --region ${stack.region} --automation-execution-id ${EventField.fromPath('$.detail.ExecutionId')}`,
        ),
      ],
    });
    const hostEnded = new Rule(this, 'HostEnded', {
      description: `A host of ${lab.name} has ended by itself`,
      eventPattern: {
        source: ['aws.ec2'],
        detailType: ['EC2 Instance State-change Notification'],
        detail: { 'instance-id': [...props.instanceIds], state: ['stopped', 'terminated'] },
      },
      targets: [
        this.notice(
          `${lab.name}: the host ${EventField.fromPath('$.detail.instance-id')} is ${EventField.fromPath('$.detail.state')}. ` +
            'To replace the hosts, raise hosts.generation in the lab file and deploy; to end the lab, destroy it.',
        ),
      ],
    });
    for (const rule of [runEnded, hostEnded]) {
      acknowledge(rule, {
        'Annotation::@aws-cdk/aws-events:ruleUnresolvedEnvironment': 'A topic is of the account and region of the lab.',
      });
    }
  }

  private notice(text: string): SnsTopic {
    return new SnsTopic(this.topic, { message: RuleTargetInput.fromText(text) });
  }

  private topicFor(address: string, lab: Pick<Lab, 'name'>): Topic {
    const topic = new Topic(this, 'Topic', { displayName: lab.name.slice(0, 100), enforceSSL: true });
    topic.addSubscription(new EmailSubscription(address));
    acknowledge(topic, {
      'AwsSolutions-SNS2':
        'A notice holds an id and a state; EventBridge and Budgets cannot publish with the key of SNS, and a key of its own costs more than the notices.',
    });
    return topic;
  }
}
