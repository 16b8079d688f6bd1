import { GetParameterCommand, ParameterNotFound } from '@aws-sdk/client-ssm';
import type { AwsClients } from './aws-access.ts';
import { callOrThrow } from './service-failure.ts';

/** Where the stack CDKToolkit writes its version, and where `cdk deploy` reads it (AWS CDK guide, "Bootstrap template contract"). */
const bootstrapParameter = '/cdk-bootstrap/hnb659fds/version';

/** What stacks of CDK 2 require of it at least: the rule CheckBootstrapVersion of each template. */
export const leastBootstrapVersion = 6;

/** The version of what `cdk bootstrap` made in the clients' region; 0 when it was never run there. */
export async function bootstrapVersion({ ssm }: AwsClients): Promise<number> {
  return callOrThrow('ssm:GetParameter', async () => {
    try {
      const answer = await ssm.send(new GetParameterCommand({ Name: bootstrapParameter }));
      return Number(answer.Parameter?.Value ?? 0);
    } catch (error) {
      if (error instanceof ParameterNotFound) return 0;
      throw error;
    }
  });
}
