import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { acknowledge, wildcardFinding } from '../acknowledge.ts';
import type { LabResults } from '../results.ts';

/** Props of {@link hostRole}. */
export interface HostRoleProps {
  /** What the hosts may read. */
  readonly assets: Asset;
  /** Where the hosts may write. */
  readonly results: LabResults;
}

/**
 * The role of the hosts: be managed by SSM (only what Run Command needs of AmazonSSMManagedInstanceCore), read the assets, write
 * results. It cannot start a command, read results or see another host.
 */
export function hostRole(scope: Construct, id: string, props: HostRoleProps): Role {
  const role = new Role(scope, id, {
    assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    description: `Hosts of the lab ${Stack.of(scope).stackName}`,
  });
  // These actions know no resources of a lab: the agent's own message channels, and its registration.
  role.addToPolicy(
    new PolicyStatement({
      sid: 'BeManagedBySsm',
      effect: Effect.ALLOW,
      actions: [
        'ssm:UpdateInstanceInformation',
        'ssm:ListInstanceAssociations',
        'ssm:ListAssociations',
        'ssmmessages:CreateControlChannel',
        'ssmmessages:CreateDataChannel',
        'ssmmessages:OpenControlChannel',
        'ssmmessages:OpenDataChannel',
        'ec2messages:AcknowledgeMessage',
        'ec2messages:DeleteMessage',
        'ec2messages:FailMessage',
        'ec2messages:GetEndpoint',
        'ec2messages:GetMessages',
        'ec2messages:SendReply',
      ],
      resources: ['*'],
    }),
  );
  role.addToPolicy(
    new PolicyStatement({
      sid: 'ReadAssets',
      actions: ['s3:GetObject'],
      resources: [props.assets.bucket.arnForObjects(props.assets.s3ObjectKey)],
    }),
  );
  role.addToPolicy(props.results.uploadStatement());
  acknowledge(role, {
    'AwsSolutions-IAM5[Resource::*]': "The agent's message channels and its registration know no narrower resource.",
    [wildcardFinding(scope, props.results.rawFilesArn)]:
      "Any raw file, but only below one prefix of the lab's own bucket.",
  });
  return role;
}
