import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostTags } from '../../../lib/config/host/tags.ts';
import { hostsOf } from '../../../lib/config/hosts.ts';
import type { Lab } from '../../../lib/config/lab.ts';
import { deploymentParameterName, deploymentValue } from '../../../lib/config/deployment.ts';
import { documentHash } from '../../../lib/documents/document-hash.ts';
import { documentsOf } from '../../../lib/documents/documents-of.ts';
import type { SsmRequestHandler } from '../../../lib/local/ssm/request-handler.ts';
import { answerBucket, type FakeBucket } from './fake-bucket.ts';

/** An instance as the account's EC2 shows it. */
interface FakeInstance {
  id: string;
  type: string;
  state: string;
  reason: string;
  tags: Readonly<Record<string, string>>;
}

/** What a test may change of the account at any time. */
interface FakeAccountState {
  /** Values of SSM parameters, by name. */
  readonly parameters: Map<string, string>;
  readonly instances: FakeInstance[];
  /** Contents that somebody put in the place of a document's, by its name; null: the document is gone. */
  readonly changedDocuments: Map<string, string | null>;
  /** Hosts whose agent is not heard, by instance id. */
  readonly silentAgents: Set<string>;
  /** Errors that the next calls get instead of an answer, by `ssm:GetParameter` and the like. */
  readonly faults: Map<string, { times: number; readonly status: number; readonly code: string }>;
  readonly bucket: FakeBucket;
  /** How often each call was made. */
  readonly calls: Map<string, number>;
}

/** An AWS account on this machine: EC2's and S3's protocols, and an SSM that runs documents on local hosts. */
export interface FakeAccount {
  readonly state: FakeAccountState;
  /** What `c1m` needs in its environment to talk to it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly endpoint: string;
  close(): Promise<void>;
}

export const bucketName = 'c1mlab-results-test';

/** Starts an account in which a lab is deployed; its documents are run by `ssm`, its results lie in `bucket`. */
export async function startFakeAccount(lab: Lab, ssm: SsmRequestHandler, bucket: FakeBucket): Promise<FakeAccount> {
  const state: FakeAccountState = {
    parameters: new Map([[deploymentParameterName(lab.name), JSON.stringify(deployedLab(lab))]]),
    instances: hostsOf(lab).map((host) => ({
      // As the local SSM makes them, so that both services mean the same host.
      id: `i-${createHash('sha256').update(`${lab.name}/${host.name}`).digest('hex').slice(0, 17)}`,
      type: host.role === 'server' ? lab.server.instanceType : lab.load.instanceType,
      state: 'running',
      reason: '',
      tags: hostTags(lab, host),
    })),
    changedDocuments: new Map(),
    silentAgents: new Set(),
    faults: new Map(),
    bucket,
    calls: new Map(),
  };
  const server = createServer((request, response) => {
    void answer(state, ssm, request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    state,
    endpoint,
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What the stack would write of a lab. */
export function deployedLab(lab: Lab): object {
  return deploymentValue({
    lab,
    resultsUri: `s3://${bucketName}/runs`,
    automationRoleArn: `arn:aws:iam::123456789012:role/${lab.name}-AutomationRoleC58D7324-1`,
    documents: Object.fromEntries(documentsOf(lab).map(({ name, content }) => [name, documentHash(content)])),
  });
}

async function answer(
  state: FakeAccountState,
  ssm: SsmRequestHandler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const target = String(request.headers['x-amz-target'] ?? '');
  const form = new URLSearchParams(body.toString());
  const service = target !== '' ? 'ssm' : form.has('Action') ? 'ec2' : 's3';
  const action = service === 'ssm' ? target.replace('AmazonSSM.', '') : (form.get('Action') ?? request.method ?? '');
  const call = `${service}:${action}`;
  state.calls.set(call, (state.calls.get(call) ?? 0) + 1);
  const fault = state.faults.get(call);
  if (fault !== undefined && fault.times > 0) {
    fault.times -= 1;
    sendFault(service, fault, response);
    return;
  }
  if (service === 's3') answerBucket(state.bucket, bucketName, request, body, response);
  else if (service === 'ec2') sendXml(response, 200, describeInstances(state, form));
  else await answerSsm(state, ssm, action, request, body, response);
}

function sendFault(
  service: string,
  { status, code }: { status: number; code: string },
  response: ServerResponse,
): void {
  const message = `this account says ${code}`;
  if (service === 'ssm') sendJson(response, status, { __type: code, message });
  else if (service === 's3')
    sendXml(response, status, `<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
  else {
    const error = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    sendXml(response, status, `<Response><Errors>${error}</Errors><RequestID>1</RequestID></Response>`);
  }
}

async function answerSsm(
  state: FakeAccountState,
  ssm: SsmRequestHandler,
  action: string,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  const input = JSON.parse(body.toString()) as { readonly Name?: string; readonly DocumentVersion?: string };
  const { Name: name = '', DocumentVersion: version } = input;
  if (action === 'GetParameter') {
    const value = state.parameters.get(name);
    if (value === undefined) sendJson(response, 400, { __type: 'ParameterNotFound' });
    else sendJson(response, 200, { Parameter: { Name: name, Type: 'String', Value: value } });
    return;
  }
  const changed = state.changedDocuments.get(name);
  if (action === 'ListDocumentVersions') {
    sendJson(response, 200, {
      DocumentVersions: ['2', '1'].map((number) => ({ Name: name, DocumentVersion: number })),
    });
    return;
  }
  if (action === 'GetDocument' && changed !== undefined && version !== '1') {
    if (changed === null) sendJson(response, 400, { __type: 'InvalidDocument' });
    else sendJson(response, 200, { Name: name, DocumentVersion: '2', Content: changed });
    return;
  }
  const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]));
  const { response: answered } = await ssm.handle({ headers, body });
  if (action === 'DescribeInstanceInformation') {
    const list = JSON.parse(Buffer.from(answered.body).toString()) as {
      readonly InstanceInformationList: readonly { readonly InstanceId: string; PingStatus: string }[];
    };
    for (const agent of list.InstanceInformationList) {
      if (state.silentAgents.has(agent.InstanceId)) agent.PingStatus = 'ConnectionLost';
    }
    sendJson(response, 200, list);
    return;
  }
  response.writeHead(answered.statusCode, answered.headers).end(answered.body);
}

function describeInstances(state: FakeAccountState, form: URLSearchParams): string {
  const wanted = form.get('Filter.1.Value.1');
  const items = state.instances
    .filter(({ tags }) => tags['c1mlab:lab'] === wanted)
    .map(({ id, type, state: name, reason, tags }) => {
      const tagItems = Object.entries(tags).map(
        ([key, value]) => `<item><key>${key}</key><value>${value}</value></item>`,
      );
      const why = reason === '' ? '' : `<stateReason><code>Server.X</code><message>${reason}</message></stateReason>`;
      return `<item><instanceId>${id}</instanceId><instanceType>${type}</instanceType><instanceState><code>16</code><name>${name}</name></instanceState>${why}<launchTime>2026-11-22T10:00:00.000Z</launchTime><tagSet>${tagItems.join('')}</tagSet></item>`;
    });
  return `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId><reservationSet><item><reservationId>r-1</reservationId><instancesSet>${items.join('')}</instancesSet></item></reservationSet></DescribeInstancesResponse>`;
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
}

function sendXml(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/xml' }).end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
}
