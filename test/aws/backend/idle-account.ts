import type { TestContext } from 'node:test';
import { connectAws, type AwsClients } from '../../../lib/aws/account/aws-access.ts';
import { nameErrors } from '../../../lib/aws/backend/name-errors.ts';
import { hostTags } from '../../../lib/config/host/tags.ts';
import { hostsOf } from '../../../lib/config/hosts.ts';
import type { Lab } from '../../../lib/config/lab.ts';
import { documentsOf } from '../../../lib/documents/documents-of.ts';
import { createSsmRequestHandler } from '../../../lib/local/ssm/request-handler.ts';
import type { SsmHost } from '../../../lib/local/ssm/ssm-host.ts';
import { startFakeAccount, type FakeAccount } from './fake-account.ts';
import type { FakeBucket } from './fake-bucket.ts';

/** An account whose hosts are there and never do anything, with clients that talk to it. It ends with the test. */
export interface IdleAccount extends FakeAccount {
  readonly clients: AwsClients;
  /** What the bucket holds. */
  readonly objects: Map<string, string>;
}

/** Starts an account with a deployed lab on which nothing is run. `maxAttempts` is what the clients try. */
export async function startIdleAccount(t: TestContext, lab: Lab, maxAttempts = 1): Promise<IdleAccount> {
  const objects = new Map<string, string>();
  const bucket: FakeBucket = {
    list: () => new Map([...objects].map(([key, text]) => [key, () => Buffer.from(text)])),
    remove: (key) => objects.delete(key),
    tags: { 'c1mlab:lab': lab.name },
    pageSize: 2,
  };
  const agents: SsmHost[] = [];
  const handler = createSsmRequestHandler({ documents: documentsOf(lab), hosts: agents });
  const account = await startFakeAccount(lab, handler, bucket);
  // The local SSM takes the ids that the account's EC2 shows.
  for (const [index, host] of hostsOf(lab).entries()) {
    agents.push({
      instanceId: account.state.instances[index]?.id ?? '',
      name: host.name,
      tags: hostTags(lab, host),
      platform: { name: 'Linux', version: '' },
      environment: {},
      isOnline: () => true,
      writeScript: () => Promise.reject(new Error('an idle host runs nothing')),
      spawn: () => {
        throw new Error('an idle host runs nothing');
      },
    });
  }
  const clients = await clientsOf(account, maxAttempts);
  t.after(async () => {
    await handler.close();
    await account.close();
  });
  return { ...account, clients, objects };
}

/** Clients that talk to an account as the CLI's do: they find it by AWS_ENDPOINT_URL, at their first request. */
async function clientsOf({ endpoint }: FakeAccount, maxAttempts: number): Promise<AwsClients> {
  process.env['AWS_ENDPOINT_URL'] = endpoint;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const clients = await connectAws({ region: 'us-east-1', endpointUrl: endpoint, credentials, maxAttempts });
  return nameErrors(clients, () => undefined);
}
