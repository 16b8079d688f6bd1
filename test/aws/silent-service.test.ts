import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { connectAws, type AwsClients } from '../../lib/aws/account/aws-access.ts';
import { nameErrors } from '../../lib/aws/backend/name-errors.ts';
import { callOrThrow } from '../../lib/aws/account/service-failure.ts';

/** Clients of an account whose services say nothing to whatever they are asked, and half of an object. */
async function clientsOfSilence(t: TestContext): Promise<AwsClients> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (asked: Buffer) => {
      if (asked.toString().startsWith('GET')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const endpointUrl = `http://localhost:${(server.address() as AddressInfo).port}`;
  process.env['AWS_ENDPOINT_URL'] = endpointUrl;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return connectAws({ region: 'us-east-1', endpointUrl, credentials, maxAttempts: 1 });
}

describe('a service that falls silent', () => {
  test('is told and given up, while it is asked and in the midst of a file', { timeout: 60_000 }, async (t) => {
    const told: string[] = [];
    const { ssm, s3 } = nameErrors(await clientsOfSilence(t), (text) => told.push(text));
    const asking = callOrThrow('ssm:GetParameter', () => ssm.send(new GetParameterCommand({ Name: 'lab' })));
    const object = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'key' }));
    await Promise.all([
      assert.rejects(asking, /^LabError: the service cannot be reached for ssm:GetParameter/),
      assert.rejects(object.Body!.transformToString(), { name: 'TimeoutError' }),
    ]);
    assert.equal(told[0], 'ssm:GetParameter has not been answered for 8 s');
  });
});
