import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a bucket holds, and how it answers. */
export interface FakeBucket {
  /** Every key with its content; asked for at each request. */
  readonly list: () => ReadonlyMap<string, () => Buffer>;
  readonly remove: (key: string) => void;
  readonly tags: Readonly<Record<string, string>>;
  /** Keys that one page of a list holds. */
  readonly pageSize: number;
}

/** Answers a request of S3's REST protocol, path style. */
export function answerBucket(
  bucket: FakeBucket,
  name: string,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, asked = '', ...rest] = url.pathname.split('/');
  const key = rest.map(decodeURIComponent).join('/');
  const send = (status: number, xml: string): void => {
    response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${xml}`);
  };
  if (asked !== name) send(404, '<Error><Code>NoSuchBucket</Code><Message>no such bucket</Message></Error>');
  else if (url.searchParams.has('tagging')) send(200, tagging(bucket));
  else if (request.method === 'POST' && url.searchParams.has('delete')) {
    for (const [, found = ''] of body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)) bucket.remove(found);
    send(200, '<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>');
  } else if (key !== '') {
    const content = bucket.list().get(key);
    if (content === undefined) send(404, '<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>');
    else response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(content());
  } else send(200, listing(bucket, name, url.searchParams));
}

function tagging({ tags }: FakeBucket): string {
  const items = Object.entries(tags).map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`);
  return `<Tagging><TagSet>${items.join('')}</TagSet></Tagging>`;
}

function listing(bucket: FakeBucket, name: string, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const keys = [...bucket.list()].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
  const first = Number(query.get('continuation-token') ?? 0);
  const page = keys.slice(first, first + bucket.pageSize);
  const next = first + page.length;
  const contents = page.map(
    ([key, content]) => `<Contents><Key>${key}</Key><Size>${content().length}</Size></Contents>`,
  );
  const more = next < keys.length;
  return [
    `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${name}</Name><Prefix>${prefix}</Prefix>`,
    `<KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated>`,
    more ? `<NextContinuationToken>${next}</NextContinuationToken>` : '',
    ...contents,
    '</ListBucketResult>',
  ].join('');
}
