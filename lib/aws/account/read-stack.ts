import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { AwsClients } from './aws-access.ts';
import { understandFailure } from './service-failure.ts';

/** A CloudFormation stack that is there, also one that could not be made or deleted. */
export interface StackState {
  /** As CloudFormation spells it, such as `CREATE_COMPLETE` or `DELETE_FAILED`. */
  readonly status: string;
  /** Why it is in this state; empty where CloudFormation does not say. */
  readonly reason: string;
  readonly created: Date | null;
}

/** The stack of that name in the clients' region; null when there is none. */
export async function readStack({ cloudFormation }: AwsClients, name: string): Promise<StackState | null> {
  try {
    const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
    const { StackStatus = '', StackStatusReason = '', CreationTime = null } = stack ?? {};
    return stack === undefined ? null : { status: StackStatus, reason: StackStatusReason, created: CreationTime };
  } catch (error) {
    const { code, text } = understandFailure('cloudformation:DescribeStacks', error);
    // CloudFormation has no exception of its own for this.
    if (code === 'ValidationError' && text.includes('does not exist')) return null;
    throw error;
  }
}
