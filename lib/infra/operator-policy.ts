import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { commandGrants } from '../policy/grants.ts';
import { policyDocument } from '../policy/policy-document.ts';

/** Props of {@link operatorPolicy}. */
export interface OperatorPolicyProps {
  readonly labName: string;
  /** ARN of the results bucket. */
  readonly bucketArn: string;
  /** ARN of the role that long and scheduled benchmarks run as. */
  readonly automationRoleArn: string;
}

/** The stack's output that holds the policy of who uses `c1m`, with the names of this stack: JSON, for an administrator to attach. */
export function operatorPolicy(scope: Construct, id: string, props: OperatorPolicyProps): CfnOutput {
  const stack = Stack.of(scope);
  const { partition, region, account } = stack;
  const policy = policyDocument(Object.values(commandGrants).flat(), { ...props, partition, region, account });
  return new CfnOutput(scope, id, { value: stack.toJsonString(policy), description: 'What who uses c1m may do' });
}
