import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge, wildcardFinding } from './acknowledge.ts';
import { checkLabName, checkWholeNumber } from './check-props.ts';

/** Props of {@link HostReaper}. */
export interface HostReaperProps {
  /** The lab's name: the value of the tag `c1mlab:lab` on its hosts. */
  readonly labName: string;
  /** Hours after its start at which a host is terminated, whatever it is doing: 1 to 168, and what its expiry tag says. */
  readonly maximumHours: number;
}

/**
 * Ends hosts that do not end themselves: every 15 minutes a state machine looks for hosts of the lab that are older than their
 * maximum and terminates them. It has no code of its own to keep, so nothing stays behind when the stack goes. An express machine
 * is billed by requests and memory, the 2 900 a month at less than a cent; a standard one by transitions, of which these are
 * 14 000 and 4 000 are free: about 0.25 USD (Step Functions pricing, us-east-1).
 */
export class HostReaper extends Construct {
  constructor(scope: Construct, id: string, props: HostReaperProps) {
    super(scope, id);
    checkLabName(this.node.path, props.labName);
    checkWholeNumber(this, 'maximumHours', props.maximumHours, [1, 168]);
    const stack = Stack.of(this);

    const machineRole = new Role(this, 'MachineRole', {
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
      }),
      description: `Terminates hosts of the lab ${props.labName} that outlive their maximum`,
    });
    machineRole.addToPolicy(new PolicyStatement({ actions: ['ec2:DescribeInstances'], resources: ['*'] }));
    const instances = stack.formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' });
    const mayTerminate = machineRole.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['ec2:TerminateInstances'],
        resources: [instances],
        conditions: { StringEquals: { 'aws:ResourceTag/c1mlab:lab': props.labName } },
      }),
    );
    acknowledge(machineRole, {
      'AwsSolutions-IAM5[Resource::*]': 'DescribeInstances knows no resources.',
      [wildcardFinding(this, instances)]:
        'Only instances with the tag of this lab can be terminated; their ids are not known beforehand.',
    });

    const machine = new CfnStateMachine(this, 'Machine', {
      stateMachineType: 'EXPRESS',
      roleArn: machineRole.roleArn,
      definitionString: stack.toJsonString(terminateOverdueHosts(props.labName, props.maximumHours, stack.partition)),
    });
    if (mayTerminate.policyDependable !== undefined) machine.node.addDependency(mayTerminate.policyDependable);
    acknowledge(machine, {
      'AwsSolutions-SF1':
        'The metric ExecutionsFailed of AWS/States shows what failed; a log group would be one more thing left behind.',
      'AwsSolutions-SF2': 'States without code of their own have nothing to trace.',
    });

    const scheduleRole = new Role(this, 'ScheduleRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
      }),
      description: `Starts the state machine that ends hosts of the lab ${props.labName}`,
    });
    const mayStart = scheduleRole.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['states:StartExecution'], resources: [machine.ref] }),
    );
    const schedule = new CfnSchedule(this, 'Schedule', {
      description: `Ends hosts of the lab ${props.labName} that are older than ${props.maximumHours} h`,
      scheduleExpression: 'rate(15 minutes)',
      flexibleTimeWindow: { mode: 'OFF' },
      target: { arn: machine.ref, roleArn: scheduleRole.roleArn },
    });
    if (mayStart.policyDependable !== undefined) schedule.node.addDependency(mayStart.policyDependable);
  }
}

/**
 * Hosts that are looked at in one step. Step Functions takes at most 256 KiB from a step, and a host with 50 addresses is described
 * in about 12 KB ("Service quotas", "Quotas related to task executions").
 */
const hostsPerPage = 10;

/**
 * The state machine (Amazon States Language with JSONata): find hosts by tag, a few at a time, keep those that are too old,
 * terminate them, look at the next. All retries of a state take 150 s at the most, of the five
 * minutes that an express execution may take. `partition` is the first part of an ARN after `arn`, such as `aws-cn`.
 */
export function terminateOverdueHosts(labName: string, maximumHours: number, partition: string): object {
  const maximumMillis = maximumHours * 3_600_000;
  const retry = [
    { ErrorEquals: ['States.ALL'], IntervalSeconds: 10, BackoffRate: 2, MaxAttempts: 4, JitterStrategy: 'FULL' },
  ];
  const findHosts = (more: object): object => ({
    Type: 'Task',
    Resource: `arn:${partition}:states:::aws-sdk:ec2:describeInstances`,
    Arguments: {
      Filters: [
        { Name: 'tag:c1mlab:lab', Values: [labName] },
        { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
      ],
      MaxResults: hostsPerPage,
      ...more,
    },
    Output: {
      overdue: `{% [$states.result.Reservations.Instances[$toMillis(LaunchTime) < $millis() - ${maximumMillis}].InstanceId] %}`,
      // What is not there would fail the state; an empty text is no token.
      next: '{% $exists($states.result.NextToken) ? $states.result.NextToken : "" %}',
    },
    Retry: retry,
    Next: 'AnyOverdue',
  });
  return {
    Comment: `Terminates hosts of the lab ${labName} that are older than ${maximumHours} h`,
    QueryLanguage: 'JSONata',
    StartAt: 'FindOverdueHosts',
    States: {
      FindOverdueHosts: findHosts({}),
      FindMoreOverdueHosts: findHosts({ NextToken: '{% $states.input.next %}' }),
      AnyOverdue: {
        Type: 'Choice',
        Choices: [{ Condition: '{% $count($states.input.overdue) > 0 %}', Next: 'TerminateHosts' }],
        Default: 'AnyMore',
      },
      TerminateHosts: {
        Type: 'Task',
        Resource: `arn:${partition}:states:::aws-sdk:ec2:terminateInstances`,
        Arguments: { InstanceIds: '{% $states.input.overdue %}' },
        Output: '{% $states.input %}',
        Retry: retry,
        Next: 'AnyMore',
      },
      AnyMore: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $states.input.next != "" and $states.input.next != null %}', Next: 'FindMoreOverdueHosts' },
        ],
        Default: 'Done',
      },
      Done: { Type: 'Succeed' },
    },
  };
}
