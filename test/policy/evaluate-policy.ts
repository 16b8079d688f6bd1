import type { PolicyDocumentJson, PolicyStatementJson } from '../../lib/policy/policy-document.ts';
import type { FakeRequest } from '../aws/fake-aws.ts';

const region = 'us-east-1';
const account = '123456789012';

/** What IAM decides about for one call: an action on each of these resources, with what is known of it. */
export interface Decision {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
}

/** Names of the fake account that are not IAM's own. */
const actions: Readonly<Record<string, string>> = {
  's3:ListBuckets': 's3:ListAllMyBuckets',
  's3:ListObjectsV2': 's3:ListBucket',
  's3:DeleteObjects': 's3:DeleteObject',
  'quotas:GetServiceQuota': 'servicequotas:GetServiceQuota',
  'quotas:GetAWSDefaultServiceQuota': 'servicequotas:GetAWSDefaultServiceQuota',
};

/**
 * What IAM decides for a call (Service Authorization Reference): on which resources, and with which tags. An action that knows no
 * resource is decided for `*`.
 */
export function decisionsOf({ name, parameters }: FakeRequest): readonly Decision[] {
  const action = actions[name] ?? name;
  const on = (service: string, resource: unknown, context = {}): Decision => ({
    action,
    resource: `arn:aws:${service}:${region}:${account}:${String(resource)}`,
    context,
  });
  const bucket = `arn:aws:s3:::${String(parameters['bucket'])}`;
  switch (action) {
    case 'ssm:GetParameter':
      return [on('ssm', `parameter${String(parameters['Name'])}`)];
    case 'ssm:GetDocument':
    case 'ssm:ListDocumentVersions':
      return [on('ssm', `document/${String(parameters['Name'])}`)];
    case 'ssm:GetAutomationExecution':
    case 'ssm:StopAutomationExecution':
      return [on('ssm', `automation-execution/${String(parameters['AutomationExecutionId'])}`)];
    case 'ssm:StartAutomationExecution':
      return startDecisions(parameters, on);
    case 'ssm:SendCommand': {
      const [target] = parameters['Targets'] as readonly { readonly Key: string; readonly Values: readonly string[] }[];
      const tag = { [`ssm:resourceTag/${target?.Key.replace('tag:', '')}`]: target?.Values[0] ?? '' };
      return [on('ssm', `document/${String(parameters['DocumentName'])}`), on('ec2', 'instance/i-0', tag)];
    }
    case 'cloudformation:DescribeStacks':
      return [on('cloudformation', `stack/${String(parameters['StackName'])}/53d322b4-2695-474e-a6f9-b6fc26a1b054`)];
    case 'servicequotas:GetServiceQuota':
      return [on('servicequotas', `${String(parameters['ServiceCode'])}/${String(parameters['QuotaCode'])}`)];
    case 's3:ListBucket':
    case 's3:GetBucketTagging':
      return [{ action, resource: bucket, context: {} }];
    case 's3:GetObject':
      return [{ action, resource: `${bucket}/${String(parameters['key'])}`, context: {} }];
    case 's3:DeleteObject':
      return (parameters['keys'] as readonly string[]).map((key) => ({
        action,
        resource: `${bucket}/${key}`,
        context: {},
      }));
    default:
      return [{ action, resource: '*', context: {} }];
  }
}

/** A start that names a role also passes it. */
function startDecisions(
  parameters: FakeRequest['parameters'],
  on: (service: string, resource: unknown) => Decision,
): readonly Decision[] {
  const document = String(parameters['DocumentName']);
  const role = (parameters['Parameters'] as Readonly<Record<string, readonly string[]>>)['AutomationAssumeRole']?.[0];
  const passed = { 'iam:PassedToService': 'ssm.amazonaws.com' };
  return [
    on('ssm', `automation-definition/${document}:$DEFAULT`),
    on('ssm', `document/${document}`),
    on('ssm', 'automation-execution/01234567-89ab-cdef-0123-456789abcdef'),
    ...(role === undefined ? [] : [{ action: 'iam:PassRole', resource: role, context: passed }]),
  ];
}

/** The statements of a policy that allow something; empty: IAM refuses it. */
export function allowing(
  { Statement }: PolicyDocumentJson,
  { action, resource, context }: Decision,
): readonly PolicyStatementJson[] {
  return Statement.filter(
    ({ Action, Resource, Condition = {} }) =>
      Action.includes(action) &&
      Resource.some((pattern) => matches(pattern, resource)) &&
      Object.entries(Condition['StringEquals'] ?? {}).every(([key, value]) => context[key] === value),
  );
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
