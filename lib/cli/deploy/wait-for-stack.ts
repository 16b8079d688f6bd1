import type { AwsClients } from '../../aws/account/aws-access.ts';
import type { StackState } from '../../aws/account/read-stack.ts';
import { isSettled, settledStack } from '../../aws/account/settled-stack.ts';
import type { LabContext } from '../context.ts';
import type { Step } from './perform-steps.ts';

/** The step that waits for what CloudFormation is doing with a stack, as after an interruption; none where it does nothing. */
export function waitForStack(
  clients: AwsClients,
  name: string,
  stack: StackState | null,
  context: LabContext,
): readonly Step[] {
  if (stack === null || isSettled(stack)) return [];
  let seen = '';
  const onWait = ({ status }: StackState): void => {
    if (status !== seen) context.process.stderr.write(`the stack ${name} is in ${status}\n`);
    seen = status;
  };
  return [
    {
      name: `wait until CloudFormation has finished ${stack.status}`,
      whenInterrupted: 'CloudFormation continues by itself',
      run: async () => void (await settledStack(clients, name, onWait, context.interrupted)),
    },
  ];
}
