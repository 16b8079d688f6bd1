import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { createServer, type IncomingMessage } from 'node:http';
import { readInstance } from '../../assets/host/programs/instance.ts';
import { parseTuningLine, satisfies, versionOf } from '../../assets/host/programs/facts.ts';

describe('a tuned value', () => {
  test('is read from a line of tuning.conf', () => {
    assert.deepEqual(parseTuningLine('atleast net.core.somaxconn = 65535'), {
      operator: 'atleast',
      key: 'net.core.somaxconn',
      wanted: '65535',
    });
    assert.deepEqual(parseTuningLine('set net.ipv4.tcp_rmem = 4096 87380 4161536')?.wanted, '4096 87380 4161536');
  });

  test('fails to be read from anything else', () => {
    for (const line of ['', '# comment', 'net.core.somaxconn=1', 'raise a = 1'])
      assert.equal(parseTuningLine(line), null);
  });

  test('set means the same numbers, however they are separated', () => {
    assert.ok(satisfies('set', '1024 65535', '1024\t65535'));
    assert.ok(!satisfies('set', '1024 65535', '32768\t60999'));
    assert.ok(!satisfies('set', '4096 87380 4161536', '4096 87380'));
  });

  test('atleast accepts what is higher, number by number, beyond 2^53 too', () => {
    assert.ok(satisfies('atleast', '2000000', '9223372036854775807'));
    assert.ok(satisfies('atleast', '100 200', '100 300'));
    assert.ok(!satisfies('atleast', '100 200', '1000 199'));
    assert.ok(!satisfies('atleast', '100', 'unlimited'));
  });
});

describe('a version', () => {
  test('is the number that a command prints, however it puts it', () => {
    const prints = (text: string): string | null => versionOf('printf', ['%s\\n', text]);
    assert.equal(prints('go version go1.26.8 linux/amd64'), '1.26.8');
    assert.equal(prints('openjdk 25.0.3 2026-04-21 LTS'), '25.0.3');
    assert.equal(prints('openjdk version "17.0.15+6" 2025-04-15'), '17.0.15+6');
    assert.equal(prints('no number'), null);
  });

  test('is null when the command is missing or fails', () => {
    assert.equal(versionOf('c1m-no-such-command', []), null);
    assert.equal(versionOf('sh', ['-c', 'echo 1.2; exit 1']), null);
  });
});

describe('what EC2 says of an instance', () => {
  /** Answers as the metadata service does: a token for a PUT, and the document for who shows it. */
  async function metadataService(context: TestContext, document: string): Promise<string> {
    const token = 'AQAEAL';
    const answerOf = ({ method, url, headers }: IncomingMessage): readonly [number, string] => {
      if (method === 'PUT' && url === '/latest/api/token') {
        return headers['x-aws-ec2-metadata-token-ttl-seconds'] === undefined ? [400, ''] : [200, token];
      }
      if (headers['x-aws-ec2-metadata-token'] !== token) return [401, ''];
      return url === '/latest/dynamic/instance-identity/document' ? [200, document] : [404, ''];
    };
    const server = createServer((request, response) => {
      const [status, text] = answerOf(request);
      response.writeHead(status).end(text);
    });
    context.after(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return `http://127.0.0.1:${address.port}`;
  }

  test('is its id, image, type and zone', async (context) => {
    const document = {
      accountId: '123456789012',
      imageId: 'ami-0abcdef1234567890',
      instanceId: 'i-1234567890abcdef0',
      instanceType: 'c8i.4xlarge',
      availabilityZone: 'us-east-1a',
    };
    assert.deepEqual(await readInstance(await metadataService(context, JSON.stringify(document))), {
      id: 'i-1234567890abcdef0',
      image: 'ami-0abcdef1234567890',
      type: 'c8i.4xlarge',
      zone: 'us-east-1a',
    });
  });

  test('is null where something else answers, or nobody does', async (context) => {
    for (const document of ['<html>', '[]', '{"instanceId":7}', '{"instanceId":"i-1"}']) {
      assert.equal(await readInstance(await metadataService(context, document)), null);
    }
    assert.equal(await readInstance('http://127.0.0.1:1'), null);
  });
});
