import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { LabError } from '../../../lib/config/lab-error.ts';
import { probeServer } from '../../../lib/run/url/probe-server.ts';

const deadlineMillis = 10_000;

/** What a refused upgrade is called, and what helps, where a server answers each request with a status and headers. */
async function refusedBy(status: number, headers: Readonly<Record<string, string>>): Promise<LabError> {
  const server = createServer((_request, response) => response.writeHead(status, headers).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const target = { address: '127.0.0.1', ports: [port], path: '/' };
  try {
    const refused = await probeServer(target, target, 'the server', deadlineMillis).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(refused instanceof LabError, String(refused));
    return refused;
  } finally {
    server.close();
  }
}

describe('a server that refuses the upgrade', () => {
  for (const [status, headers, says, helps] of [
    [
      302,
      { Location: 'ws://there.test/live' },
      /redirected to 'ws:\/\/there\.test\/live'$/,
      /the URL that it redirects to/,
    ],
    [401, {}, /'HTTP\/1\.1 401 Unauthorized'$/, /user:password in --url/],
    [403, {}, /'HTTP\/1\.1 403 Forbidden'$/, /--header 'Cookie: …'/],
    [404, {}, /'HTTP\/1\.1 404 Not Found'$/, /the path of --url/],
    [500, {}, /'HTTP\/1\.1 500 Internal Server Error'$/, /what the server has logged/],
  ] as const) {
    test(`with ${status} is told with what helps`, async () => {
      const { code, message, hint } = await refusedBy(status, headers);
      assert.equal(code, 'runFailed');
      assert.match(message, says);
      assert.match(hint, helps);
    });
  }
});
