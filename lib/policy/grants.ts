/** What a grant is restricted to; IAM knows no resource of the actions on `anything`. */
export type GrantTarget =
  | 'anything'
  | 'commands'
  | 'documents'
  | 'hosts'
  | 'benchmark'
  | 'executions'
  | 'parameter'
  | 'bootstrap version'
  | 'stack'
  | 'quotas'
  | 'bucket'
  | 'raw files'
  | 'bucket files'
  | 'automation role'
  | 'bootstrap roles';

/** One action of IAM, and what it is allowed on. */
export interface Grant {
  readonly action: string;
  readonly on: GrantTarget;
}

function grants(on: GrantTarget, ...actions: readonly string[]): readonly Grant[] {
  return actions.map((action) => ({ action, on }));
}

/**
 * What an execution of the Benchmark document calls: as the automation role, or without one in the name of who started it (Systems
 * Manager User Guide, "Setting up Automation").
 */
export const automationGrants: readonly Grant[] = [
  ...grants('commands', 'ssm:SendCommand'),
  ...grants('hosts', 'ssm:SendCommand'),
  ...grants(
    'anything',
    'ssm:CancelCommand',
    'ssm:DescribeInstanceInformation',
    'ssm:GetCommandInvocation',
    'ssm:ListCommandInvocations',
    'ssm:ListCommands',
  ),
];

/** What `cdk` itself calls in a bootstrapped account: everything else its roles do (CDK guide, "Minimum permissions"). */
export const cdkGrants: readonly Grant[] = grants('bootstrap roles', 'sts:AssumeRole');

const prices = grants('anything', 'ec2:DescribeSpotPriceHistory', 'pricing:GetProducts');
const deployment = grants('parameter', 'ssm:GetParameter');
const results = [...grants('bucket', 's3:ListBucket'), ...grants('raw files', 's3:GetObject')];

/** Sending a command of its own, as `c1m status` asks the hosts how they do, and waiting for its end. */
const commands = [
  ...grants('commands', 'ssm:SendCommand'),
  ...grants('hosts', 'ssm:SendCommand'),
  ...grants('anything', 'ssm:GetCommandInvocation', 'ssm:ListCommandInvocations', 'ssm:ListCommands'),
];
const running = grants('anything', 'ssm:DescribeAutomationExecutions');
const executions = grants('executions', 'ssm:GetAutomationExecution');
const hosts = grants('anything', 'ec2:DescribeInstances', 'ssm:DescribeInstanceInformation');

const check = [
  ...grants(
    'anything',
    'ec2:DescribeAvailabilityZones',
    'ec2:DescribeDhcpOptions',
    'ec2:DescribeImages',
    'ec2:DescribeInstances',
    'ec2:DescribeInstanceTypeOfferings',
    'ec2:DescribeInstanceTypes',
    'ec2:DescribeRouteTables',
    'ec2:DescribeSubnets',
    'ec2:DescribeVpcAttribute',
    'ec2:DescribeVpcEndpoints',
    'ec2:DescribeVpcs',
    'servicequotas:GetAWSDefaultServiceQuota',
  ),
  ...grants('quotas', 'servicequotas:GetServiceQuota'),
  ...prices,
];
const leftovers = [
  ...grants(
    'anything',
    'ec2:DescribeInstances',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSpotInstanceRequests',
    'ec2:DescribeTags',
    'ec2:DescribeVolumes',
    'ec2:DescribeVpcEndpoints',
    's3:ListAllMyBuckets',
  ),
  ...grants('bucket', 's3:GetBucketTagging', 's3:ListBucket'),
  ...grants('stack', 'cloudformation:DescribeStacks'),
  ...prices,
];
const attach = [
  ...automationGrants,
  ...commands,
  ...deployment,
  ...running,
  ...executions,
  ...results,
  ...hosts,
  ...grants('anything', 'ec2:DescribeInstanceTypes'),
  ...grants('executions', 'ssm:StopAutomationExecution'),
  ...grants('benchmark', 'ssm:StartAutomationExecution'),
  ...grants('automation role', 'iam:PassRole'),
];
const cancel = [
  ...commands,
  ...deployment,
  ...running,
  ...executions,
  ...results,
  ...grants('executions', 'ssm:StopAutomationExecution'),
];

/**
 * What each command of `c1m` that asks an AWS account may do, and nothing more. From this table come `c1m policy`, the stack's output
 * OperatorPolicy and the table in docs/aws.md; the tests evaluate it against the calls that the commands make.
 */
export const commandGrants = {
  check,
  up: [
    ...check,
    ...deployment,
    ...grants('bootstrap version', 'ssm:GetParameter'),
    ...grants('stack', 'cloudformation:DescribeStacks'),
    ...cdkGrants,
  ],
  run: [...attach, ...grants('documents', 'ssm:GetDocument', 'ssm:ListDocumentVersions')],
  attach,
  status: [...commands, ...deployment, ...running, ...executions, ...hosts],
  cancel,
  fetch: [
    ...deployment,
    ...executions,
    ...results,
    ...grants('anything', 'ssm:GetCommandInvocation', 'ssm:ListCommandInvocations'),
  ],
  cost: [...grants('anything', 'ec2:DescribeInstances', 'ec2:DescribeVolumes', 'ec2:DescribeVpcEndpoints'), ...prices],
  empty: [
    ...deployment,
    ...grants('bucket', 's3:GetBucketTagging', 's3:ListBucket'),
    ...grants('bucket files', 's3:DeleteObject'),
  ],
  down: [...cancel, ...leftovers, ...grants('bucket files', 's3:DeleteObject'), ...cdkGrants],
  leftovers: [...leftovers, ...grants('anything', 'ec2:DescribeRegions')],
} as const satisfies Readonly<Record<string, readonly Grant[]>>;

/** A name in {@link commandGrants}. */
export type GrantedCommand = keyof typeof commandGrants;

/** Every command that asks an AWS account, in the order in which they are used. */
export const grantedCommands = Object.keys(commandGrants).filter((name): name is GrantedCommand =>
  Object.hasOwn(commandGrants, name),
);
