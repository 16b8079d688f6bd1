import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { automationGrants } from '../policy/grants.ts';
import { policyDocument } from '../policy/policy-document.ts';
import { acknowledge, wildcardFinding } from './acknowledge.ts';
import { checkLabName } from './check-props.ts';

/** Props of {@link automationRole}. */
export interface AutomationRoleProps {
  /** The lab's name: the beginning of its documents' names, and the tag `c1mlab:lab` of its hosts. */
  readonly labName: string;
}

/**
 * The role that a benchmark can run under: send the lab's own commands to the lab's own hosts, and follow them. Without it an
 * execution has the rights of whoever started it, for at most 12 hours; a schedule has no such person, and somebody who may
 * start this one document and pass this one role needs no right to send commands. Throws an Error for a bad name.
 */
export function automationRole(scope: Construct, id: string, props: AutomationRoleProps): Role {
  checkLabName(`${scope.node.path}/${id}`, props.labName);
  const stack = Stack.of(scope);
  const role = new Role(scope, id, {
    // The confused deputy: only executions of this account and region may assume it.
    assumedBy: new ServicePrincipal('ssm.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: {
          'aws:SourceArn': stack.formatArn({ service: 'ssm', resource: 'automation-execution', resourceName: '*' }),
        },
      },
    }),
    description: `Benchmarks of the lab ${props.labName}`,
  });
  const { partition, region, account } = stack;
  for (const statement of policyDocument(automationGrants, { labName: props.labName, partition, region, account })
    .Statement) {
    role.addToPolicy(PolicyStatement.fromJson(statement));
  }
  const instances = stack.formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' });
  acknowledge(role, {
    'AwsSolutions-IAM5[Resource::*]': 'Reading and cancelling commands knows no resources before a command has an id.',
    [wildcardFinding(scope, instances)]: 'Only instances with the tag of this lab; their ids are not known beforehand.',
  });
  return role;
}
