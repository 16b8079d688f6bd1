import type { Deployment } from '../../config/deployment.ts';
import type { Capacity } from '../../run/plan.ts';
import type { LabBackend } from '../../run/lab-backend.ts';
import { checkDocuments } from './check-documents.ts';
import type { AwsClients } from '../account/aws-access.ts';
import { typeCapacity } from '../account/type-capacity.ts';
import { checkHosts, findHosts, whyNotRunning } from './find-hosts.ts';
import { readDeployment } from './read-deployment.ts';
import { downloadResults, resultsPlace } from './result-files.ts';

/** What a unit on a host may open: LimitNOFILE of every unit, which user data sets too. */
const openFilesPerProcess = 2_000_000;

/** Memory that a host keeps for itself, bytes: Amazon Linux, the agent, and what the kernel does not give away. */
const reservedBytes = 1e9;

/**
 * Opens a deployed lab for a run. Throws LabError `environment` when it is not deployed, not whole, or its documents are not those
 * that were deployed.
 */
export async function openAwsBackend(clients: AwsClients, labName: string): Promise<LabBackend> {
  const deployment = await readDeployment(clients, labName);
  checkHosts(clients, deployment.lab, await findHosts(clients, deployment.lab));
  await checkDocuments(clients, deployment);
  return makeAwsBackend(clients, deployment);
}

/** A deployed lab as it is, checked or not: what is left of a broken one can still be stopped and fetched. */
export function makeAwsBackend(clients: AwsClients, deployment: Deployment): LabBackend {
  const { lab, resultsUri, automationRoleArn } = deployment;
  return {
    lab,
    where: 'aws',
    region: clients.region,
    ssm: clients.ssm,
    automationRoleArn,
    oneMachine: false,
    detachable: true,
    // SSM allows a few requests a second for a whole account.
    pollMillis: 2000,
    statusMillis: 5000,
    // An agent is asked through the service, and takes a command up within seconds.
    silenceMillis: 60_000,
    // SSM gives the steps after a cancellation two minutes.
    cancelMillis: 150_000,
    pullMillis: null,
    // The Benchmark document's own defaults.
    defaults: {
      connections: lab.connections,
      workload: 'article',
    },
    readCapacity: async () => readCapacity(clients, lab.server.instanceType, lab.load.instanceType),
    lostHosts: async () => (await findHosts(clients, lab)).map(whyNotRunning).filter((why) => why !== null),
    fetchRaw: async (executionId, folder) => {
      const { bucket, prefix } = resultsPlace(resultsUri);
      await downloadResults(clients, { bucket, prefix: `${prefix}/${executionId}` }, folder);
    },
    // The Prepare document waits until what an earlier measurement left has gone.
    renewHosts: async () => undefined,
    close: async () => {
      for (const client of [clients.ssm, clients.ec2, clients.s3]) client.destroy();
    },
  };
}

async function readCapacity(clients: AwsClients, serverType: string, loadType: string): Promise<Capacity> {
  const [server, load] = await Promise.all([typeCapacity(clients, serverType), typeCapacity(clients, loadType)]);
  return {
    openFilesPerProcess,
    openFilesLeft: null,
    availableBytes: (server?.memoryBytes ?? 0) - reservedBytes,
    memoryPreset: 'modern',
    minimumLoadProcesses: load?.vcpus ?? 1,
  };
}
