import { GetParameterCommand, ParameterNotFound } from '@aws-sdk/client-ssm';
import { deploymentParameterName, parseDeployment, type Deployment } from '../../config/deployment.ts';
import { LabError } from '../../config/lab-error.ts';
import type { AwsClients } from '../account/aws-access.ts';

/** What a lab wrote of itself when it was deployed. Throws LabError `environment` when there is no lab of that name in the region. */
export async function readDeployment(clients: AwsClients, labName: string): Promise<Deployment> {
  try {
    const answer = await clients.ssm.send(new GetParameterCommand({ Name: deploymentParameterName(labName) }));
    return parseDeployment(answer.Parameter?.Value ?? '', labName);
  } catch (error) {
    if (!(error instanceof ParameterNotFound)) throw error;
    throw new LabError(
      'environment',
      `no lab '${labName}' is deployed in ${clients.region}`,
      `deploy it: npm run cdk -- deploy ${labName}; or name another lab (--lab) or region (--region)`,
      { cause: error },
    );
  }
}
