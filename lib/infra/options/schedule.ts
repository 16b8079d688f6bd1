import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal, type IRole } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { plannedSeconds } from '../../../assets/loadgen/workload/phase-kinds.ts';
import { formatWorkload, parseWorkload } from '../../../assets/loadgen/workload/workload.ts';
import type { Lab } from '../../config/lab.ts';
import { asUsage } from '../../config/workload-usage.ts';
import { benchmarkDocument, documentName } from '../../documents/benchmark.ts';
import { brokenRule } from '../../documents/schema/broken-rule.ts';
import { driveTimeoutSeconds } from '../../documents/host-commands.ts';
import { acknowledge, wildcardFinding } from '../acknowledge.ts';
import { checkLabName, propsError } from '../check-props.ts';

/** Props of {@link LabSchedule}. */
export interface LabScheduleProps {
  /** The lab whose Benchmark document is started. */
  readonly lab: Lab;
  /** When, and with which parameters: the `schedule` of the lab file. */
  readonly schedule: NonNullable<Lab['schedule']>;
  /** What the benchmark runs as, see `automationRole`. */
  readonly automationRole: IRole;
}

/**
 * Starts the Benchmark document by itself, as EventBridge Scheduler's own role, which may start this one document and pass this
 * one role. Throws LabError `usage` for parameters that the document does not take.
 */
export class LabSchedule extends Construct {
  constructor(scope: Construct, id: string, props: LabScheduleProps) {
    super(scope, id);
    const { lab, schedule, automationRole } = props;
    checkLabName(this.node.path, lab.name);
    const parameters = parametersOf(schedule);
    const problems = problemsOf(lab, parameters);
    if (problems.length > 0) throw propsError(this.node.path, `'schedule' ${problems.join('; ')}`);

    const stack = Stack.of(this);
    const document = documentName(lab, 'Benchmark');
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
      }),
      description: `Starts benchmarks of the lab ${lab.name} by schedule`,
    });
    // IAM has had two forms of what StartAutomationExecution acts on: an automation definition, and a document with its execution.
    const definition = stack.formatArn({
      service: 'ssm',
      resource: 'automation-definition',
      resourceName: `${document}:*`,
    });
    const executions = stack.formatArn({ service: 'ssm', resource: 'automation-execution', resourceName: '*' });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['ssm:StartAutomationExecution'],
        resources: [
          definition,
          stack.formatArn({ service: 'ssm', resource: 'document', resourceName: document }),
          executions,
        ],
      }),
    );
    const mayPass = role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: [automationRole.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'ssm.amazonaws.com' } },
      }),
    );
    acknowledge(role, {
      [wildcardFinding(this, definition)]: "Any version of the lab's own document.",
      [wildcardFinding(this, executions)]: 'An execution has no id before it is started.',
    });

    const rule = new CfnSchedule(this, 'Schedule', {
      description: `Starts ${document}`,
      scheduleExpression: schedule.expression,
      scheduleExpressionTimezone: schedule.timezone,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: `arn:${stack.partition}:scheduler:::aws-sdk:ssm:startAutomationExecution`,
        roleArn: role.roleArn,
        input: stack.toJsonString({
          DocumentName: document,
          Parameters: {
            ...Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [value]])),
            [assumeRole]: [automationRole.roleArn],
          },
        }),
        // A benchmark that could not be started then is not one for later: by itself the scheduler tries for a day.
        retryPolicy: { maximumRetryAttempts: 2, maximumEventAgeInSeconds: 600 },
      },
    });
    if (mayPass.policyDependable !== undefined) rule.node.addDependency(mayPass.policyDependable);
  }
}

/** The parameter that the schedule gives by itself. */
const assumeRole = 'AutomationAssumeRole';

/** The schedule's parameters of the Benchmark document. Throws LabError `usage` for what is no workload. */
function parametersOf({ server, workload: given, parameters }: LabScheduleProps['schedule']): Record<string, string> {
  if (given === undefined) return { Server: server, ...parameters };
  const workload = asUsage(() => parseWorkload(given));
  return {
    Server: server,
    Workload: formatWorkload(workload),
    DriveTimeoutSeconds: String(driveTimeoutSeconds(plannedSeconds(workload))),
    ...parameters,
  };
}

/** What the Benchmark document would not take, each as a sentence's end. */
function problemsOf(lab: Lab, given: Readonly<Record<string, string>>): readonly string[] {
  const { [assumeRole]: _byItself, ...parameters } = benchmarkDocument(lab).parameters ?? {};
  return Object.entries(given).flatMap(([name, value]) => {
    const parameter = parameters[name];
    if (parameter === undefined) return [`takes the parameters ${Object.keys(parameters).join(', ')}, got ${name}`];
    const broken = brokenRule(parameter, value);
    return broken === undefined ? [] : [`parameter ${name} ${broken}, got ${value}`];
  });
}
