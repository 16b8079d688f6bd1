import type { InstanceFacts } from '../raw.ts';

/** Where EC2 answers an instance about itself ("Access instance metadata for an EC2 instance"). */
const metadataService = 'http://169.254.169.254';

/** How long all questions may take, in milliseconds: the service is on the instance's own machine. */
const patienceMillis = 2000;

/**
 * What EC2 says of the instance that this runs on, by its metadata service (version 2: a token first). Null when nobody answers
 * there, or what answers is no EC2: a host of the local lab has no way to that address.
 */
export async function readInstance(service = metadataService): Promise<InstanceFacts | null> {
  const signal = AbortSignal.timeout(patienceMillis);
  try {
    const token = await textOf(`${service}/latest/api/token`, {
      method: 'PUT',
      headers: { 'X-aws-ec2-metadata-token-ttl-seconds': '60' },
      signal,
    });
    const document: unknown = JSON.parse(
      await textOf(`${service}/latest/dynamic/instance-identity/document`, {
        headers: { 'X-aws-ec2-metadata-token': token },
        signal,
      }),
    );
    const facts = {
      id: memberOf(document, 'instanceId'),
      image: memberOf(document, 'imageId'),
      type: memberOf(document, 'instanceType'),
      zone: memberOf(document, 'availabilityZone'),
    };
    return Object.values(facts).includes('') ? null : facts;
  } catch {
    return null;
  }
}

async function textOf(url: string, init: RequestInit): Promise<string> {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status}`);
  return answer.text();
}

/** A member of a JSON object that is a short text; else nothing. */
function memberOf(document: unknown, name: string): string {
  if (typeof document !== 'object' || document === null) return '';
  const value: unknown = Object.getOwnPropertyDescriptor(document, name)?.value;
  return typeof value === 'string' && value.length <= 100 ? value : '';
}
