import { setTimeout as pause } from 'node:timers/promises';
import { LabError } from '../../config/lab-error.ts';
import type { AwsClients } from './aws-access.ts';
import { readStack, type StackState } from './read-stack.ts';
import { callOrThrow } from './service-failure.ts';

/** How often CloudFormation is asked, in milliseconds. */
const pollMillis = 5000;

/** How long a stack may take to settle, in milliseconds: three times what the slowest resource, the hosts' boot, is given. */
const patienceMillis = 90 * 60_000;

/** Whether CloudFormation is doing nothing with a stack. In review, a change set was made and never carried out. */
export function isSettled({ status }: StackState): boolean {
  return !status.endsWith('_IN_PROGRESS') || status.startsWith('REVIEW_');
}

/**
 * The stack of that name when CloudFormation is not working on it any more; null when there is none. `onWait` sees each state that is
 * waited for. Throws LabError `environment` when it takes too long, and the signal's reason when aborted.
 */
export async function settledStack(
  clients: AwsClients,
  name: string,
  onWait: (stack: StackState) => void,
  signal: AbortSignal,
): Promise<StackState | null> {
  const deadline = Date.now() + patienceMillis;
  for (;;) {
    const stack = await callOrThrow('cloudformation:DescribeStacks', () => readStack(clients, name));
    if (stack === null || isSettled(stack)) return stack;
    if (Date.now() > deadline) {
      throw new LabError(
        'environment',
        `CloudFormation is still working on the stack ${name}: ${stack.status}`,
        'check in the CloudFormation console what it is waiting for',
      );
    }
    onWait(stack);
    await pause(pollMillis, undefined, { signal });
  }
}
