import type { HostState } from '../../aws/backend/find-hosts.ts';
import type { Deployment } from '../../config/deployment.ts';
import { chooseLab } from '../../config/lab-file.ts';
import type { AwsClients } from '../../aws/account/aws-access.ts';
import type { LabBackend } from '../../run/lab-backend.ts';
import type { LabContext } from '../context.ts';
import type { AccountFlags } from '../flags/lab-flags.ts';

/** Tries of one call: a run of hours should outlive half a minute of throttling. */
const maxAttempts = 8;

/** A deployed lab as it is. */
export interface DeployedLab {
  readonly clients: AwsClients;
  readonly deployment: Deployment;
  readonly backend: LabBackend;
}

/** Finds the lab that the flags name, in the state that it is in. Throws LabError `environment` when it is not deployed. */
export async function findDeployedLab(flags: AccountFlags, context: LabContext): Promise<DeployedLab> {
  const { makeAwsBackend } = await import('../../aws/backend/aws-backend.ts');
  const { readDeployment } = await import('../../aws/backend/read-deployment.ts');
  const labName = labNameOf(flags, context);
  const clients = await connect(flags, context);
  const deployment = await readDeployment(clients, labName);
  return { clients, deployment, backend: makeAwsBackend(clients, deployment) };
}

/** Opens the lab that the flags name for a run. Throws LabError `environment` when it is not whole, or not as it was deployed. */
export async function openDeployedLab(flags: AccountFlags, context: LabContext): Promise<LabBackend> {
  const { openAwsBackend } = await import('../../aws/backend/aws-backend.ts');
  const labName = labNameOf(flags, context);
  return openAwsBackend(await connect(flags, context), labName);
}

/** The hosts of a deployed lab, also those that are missing. */
export async function hostsOfDeployedLab({ clients, deployment }: DeployedLab): Promise<readonly HostState[]> {
  const { findHosts } = await import('../../aws/backend/find-hosts.ts');
  return findHosts(clients, deployment.lab);
}

/** The clients that a lab is asked with. The SDK takes a third of a second to load: only commands that need it do. */
export async function connect(flags: AccountFlags, context: LabContext): Promise<AwsClients> {
  const { connectAws } = await import('../../aws/account/aws-access.ts');
  const { nameErrors } = await import('../../aws/backend/name-errors.ts');
  const { process, interactive } = context;
  const say = (text: string): void => process.stderr.write(`${interactive ? '\r\u001b[K' : ''}c1m: ${text}\n`);
  return nameErrors(await connectAws({ maxAttempts, ...context.aws }, flags.region), say);
}

/** The name of the lab that the flags name. */
export function labNameOf(flags: AccountFlags, context: LabContext): string {
  return chooseLab(flags, context.workingFolder).lab.name;
}
