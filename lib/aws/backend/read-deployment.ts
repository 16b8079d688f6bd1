import { GetParameterCommand, ParameterNotFound } from '@aws-sdk/client-ssm';
import { deploymentParameterName, parseDeployment, type Deployment } from '../../config/deployment.ts';
import { LabError } from '../../config/lab-error.ts';
import type { AwsClients } from '../account/aws-access.ts';
import { callOrThrow } from '../account/service-failure.ts';

/** What a lab wrote of itself when it was deployed. Throws LabError `environment` when there is no lab of that name in the region. */
export async function readDeployment(clients: AwsClients, labName: string): Promise<Deployment> {
  const deployment = await findDeployment(clients, labName);
  if (deployment !== null) return deployment;
  throw new LabError(
    'environment',
    `no lab '${labName}' is deployed in ${clients.region}`,
    'deploy it (c1m up --yes), or name another lab (--lab) or region (--region)',
  );
}

/** What a lab wrote of itself when it was deployed; null when there is no lab of that name in the region. */
export async function findDeployment({ ssm }: AwsClients, labName: string): Promise<Deployment | null> {
  return callOrThrow('ssm:GetParameter', async () => {
    try {
      const answer = await ssm.send(new GetParameterCommand({ Name: deploymentParameterName(labName) }));
      return parseDeployment(answer.Parameter?.Value ?? '', labName);
    } catch (error) {
      if (error instanceof ParameterNotFound) return null;
      throw error;
    }
  });
}
