import { Readable } from 'node:stream';
import type { AwsAccess } from '../../lib/aws/account/aws-access.ts';

/** What a service answers: a body, with status 200 unless it says another, or an error of the network. */
export type Answer = string | { readonly status: number; readonly body: string } | Error;

/** Gives the answer to a call: its parameters, and how many calls of that name came before it. */
export type Responder = (parameters: Readonly<Record<string, unknown>>, before: number) => Answer;

/** A request as the SDK hands it to its handler. */
interface Request {
  readonly hostname: string;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A call as it came. */
export interface FakeRequest {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** AWS in this process, on the wire protocol: EC2's query and XML, the JSON services, and S3. */
export interface FakeAws {
  readonly access: AwsAccess;
  /** Every call that came, such as `ec2:DescribeVpcs`. */
  readonly calls: readonly string[];
  /** The same calls, with what was asked. */
  readonly requests: readonly FakeRequest[];
}

/** Answers calls by name; one that is not named gets an answer in which there is nothing. */
export function fakeAws(responders: Readonly<Record<string, Responder>>): FakeAws {
  const calls: string[] = [];
  const requests: FakeRequest[] = [];
  const handle = async (request: Request): Promise<object> => {
    const { name, parameters, empty } = understand(request);
    const before = calls.filter((call) => call === name).length;
    calls.push(name);
    requests.push({ name, parameters });
    const answer = responders[name]?.(parameters, before) ?? empty;
    if (answer instanceof Error) throw answer;
    const { status, body } = typeof answer === 'string' ? { status: 200, body: answer } : answer;
    const bytes = new TextEncoder().encode(body);
    return {
      response: { statusCode: status, headers: {}, body: name === 's3:GetObject' ? Readable.from([bytes]) : bytes },
    };
  };
  const requestHandler = { handle, updateHttpClientConfig: () => undefined, httpHandlerConfigs: () => ({}) };
  return {
    calls,
    requests,
    access: {
      region: 'us-east-1',
      requestHandler,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
      maxAttempts: 2,
    },
  };
}

function understand(request: Request): { name: string; parameters: Record<string, unknown>; empty: Answer } {
  const text = textOf(request.body);
  const [service = '', region = ''] = request.hostname.split('.');
  const target = request.headers['x-amz-target'];
  if (target !== undefined) {
    const action = target.split('.').at(-1) ?? '';
    const prefix = target.startsWith('AmazonSSM') ? 'ssm' : target.startsWith('ServiceQuotas') ? 'quotas' : 'pricing';
    return { name: `${prefix}:${action}`, parameters: JSON.parse(text || '{}'), empty: '{}' };
  }
  if (service === 'ec2') {
    const parameters = { ...Object.fromEntries(new URLSearchParams(text)), region };
    const action = new URLSearchParams(text).get('Action') ?? '';
    return { name: `ec2:${action}`, parameters, empty: ec2Xml(action, '') };
  }
  if (service === 'cloudformation') {
    const parameters = Object.fromEntries(new URLSearchParams(text));
    return { name: `cloudformation:${parameters['Action'] ?? ''}`, parameters, empty: noStack };
  }
  const bucket = service === 's3' ? '' : service;
  const parameters = { ...request.query, bucket };
  if (bucket === '')
    return { name: 's3:ListBuckets', parameters, empty: '<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>' };
  if ('delete' in request.query) {
    const keys = [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, found]) => found);
    return { name: 's3:DeleteObjects', parameters: { ...parameters, keys }, empty: '<DeleteResult/>' };
  }
  if ('tagging' in request.query)
    return { name: 's3:GetBucketTagging', parameters, empty: '<Tagging><TagSet/></Tagging>' };
  const key = decodeURIComponent(request.path.slice(1));
  if (key !== '') return { name: 's3:GetObject', parameters: { ...parameters, key }, empty: '' };
  return { name: 's3:ListObjectsV2', parameters, empty: '<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>' };
}

/** What CloudFormation answers about a stack that there is not. */
const noStack: Answer = {
  status: 400,
  body: '<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id C1mLab does not exist</Message></Error><RequestId>1</RequestId></ErrorResponse>',
};

/** What CloudFormation answers about a stack in this state. */
export function stackXml(status: string, reason = ''): string {
  const why = reason === '' ? '' : `<StackStatusReason>${reason}</StackStatusReason>`;
  return `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>C1mLab</StackName><CreationTime>2026-11-22T10:00:00.000Z</CreationTime><StackStatus>${status}</StackStatus>${why}</member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : '';
}

/** An answer of EC2: its query protocol's XML. */
export function ec2Xml(action: string, inside: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId>${inside}</${action}Response>`;
}

/** A refusal of EC2. */
export function ec2Error(status: number, code: string, message: string): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>ea966190-f9aa-478e-9ede-example</RequestID></Response>`;
  return { status, body };
}

/** A refusal of a JSON service. */
export function jsonError(status: number, type: string, message: string): Answer {
  return { status, body: JSON.stringify({ __type: type, message }) };
}

/** XML of a list, `<set><item>…</item></set>`, from the fields of each item. */
export function items(set: string, list: readonly Readonly<Record<string, string>>[]): string {
  const inside = list
    .map(
      (fields) =>
        `<item>${Object.entries(fields)
          .map(([name, value]) => `<${name}>${value}</${name}>`)
          .join('')}</item>`,
    )
    .join('');
  return `<${set}>${inside}</${set}>`;
}
