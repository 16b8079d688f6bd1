import { bucketPrefix, deploymentParameterName } from '../config/deployment.ts';
import { documentName } from '../documents/benchmark.ts';
import { hostCommands } from '../documents/host-commands.ts';
import type { Grant, GrantTarget } from './grants.ts';

/** Where a policy is for, as its ARNs name it. A part that is not known beforehand is `*`. */
export interface PolicyScope {
  readonly labName: string;
  /** `aws`, `aws-cn` or `aws-us-gov`. */
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** ARN of the results bucket. @default - buckets whose name begins as CloudFormation would name it */
  readonly bucketArn?: string;
  /** ARN of the automation role. @default - roles whose name begins as CloudFormation would name it */
  readonly automationRoleArn?: string;
}

/** A statement of an identity policy of IAM. */
export interface PolicyStatementJson {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** An identity policy of IAM. */
export interface PolicyDocumentJson {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatementJson[];
}

/** What grants come to as a policy: one statement for each thing that they are allowed on. */
export function policyDocument(grants: readonly Grant[], scope: PolicyScope): PolicyDocumentJson {
  const actions = new Map<GrantTarget, Set<string>>();
  for (const { action, on } of grants) actions.set(on, (actions.get(on) ?? new Set()).add(action));
  return {
    Version: '2012-10-17',
    Statement: [...actions].map(([on, allowed]) => statement([...allowed].sort(), on, scope)),
  };
}

function statement(Action: readonly string[], on: GrantTarget, scope: PolicyScope): PolicyStatementJson {
  const Condition = conditionOf(on, scope);
  return {
    Effect: 'Allow',
    Action,
    Resource: resourcesOf(on, scope),
    ...(Condition === undefined ? {} : { Condition }),
  };
}

function conditionOf(on: GrantTarget, { labName }: PolicyScope): PolicyStatementJson['Condition'] {
  if (on === 'hosts') return { StringEquals: { 'ssm:resourceTag/c1mlab:lab': labName } };
  if (on === 'automation role') return { StringEquals: { 'iam:PassedToService': 'ssm.amazonaws.com' } };
  return undefined;
}

/** ARNs as the Service Authorization Reference writes them, for the actions that know a resource. */
function resourcesOf(on: GrantTarget, scope: PolicyScope): readonly string[] {
  const { labName, partition, region, account } = scope;
  const arn = (service: string, resource: string): string =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const bucket = scope.bucketArn ?? `arn:${partition}:s3:::${bucketPrefix(labName)}*`;
  switch (on) {
    case 'anything':
      return ['*'];
    case 'commands':
      return hostCommands.map(({ name }) => arn('ssm', `document/${documentName({ name: labName }, name)}`));
    case 'documents':
      return [arn('ssm', `document/${labName}-*`)];
    case 'hosts':
      return [arn('ec2', 'instance/*')];
    case 'benchmark':
      // IAM has had two forms of what is started: an automation definition, and a document with its execution.
      return [
        arn('ssm', `automation-definition/${labName}-Benchmark:*`),
        arn('ssm', `document/${labName}-Benchmark`),
        arn('ssm', 'automation-execution/*'),
      ];
    case 'executions':
      return [arn('ssm', 'automation-execution/*')];
    case 'parameter':
      return [arn('ssm', `parameter${deploymentParameterName(labName)}`)];
    case 'bootstrap version':
      return [arn('ssm', 'parameter/cdk-bootstrap/*')];
    case 'stack':
      return [arn('cloudformation', `stack/${labName}/*`)];
    case 'quotas':
      return [arn('servicequotas', 'ec2/*'), arn('servicequotas', 'vpc/*')];
    case 'bucket':
      return [bucket];
    case 'raw files':
      return [`${bucket}/runs/*`];
    case 'bucket files':
      return [`${bucket}/*`];
    case 'automation role':
      // CloudFormation cuts a long stack's name in the role's.
      return [
        scope.automationRoleArn ?? `arn:${partition}:iam::${account}:role/${labName.slice(0, 16)}*AutomationRole*`,
      ];
    case 'bootstrap roles':
      return [`arn:${partition}:iam::${account}:role/cdk-*`];
    default:
      return on satisfies never;
  }
}

/** The partition that a region is in, by its name (AWS General Reference, "ARN format"). */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
