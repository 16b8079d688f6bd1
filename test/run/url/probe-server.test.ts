import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { LabError } from '../../../lib/config/lab-error.ts';
import { probeServer } from '../../../lib/run/url/probe-server.ts';

/** What a server that cannot be used is called, and what helps. */
async function refusedBy(server: Server, secured = false, openMillis = 10_000): Promise<LabError> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const tls = { serverName: '127.0.0.1', trusted: null, resume: false };
  const target = { address: '127.0.0.1', ports: [port], path: '/', ...(secured ? { tls } : {}) };
  try {
    const refused = await probeServer(target, target, 'the server', { openMillis, answerMillis: 10_000 }).then(
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
    [500, {}, /'HTTP\/1\.1 500 Internal Server Error'$/, /what the server, or a proxy in front of it, has logged/],
  ] as const) {
    test(`with ${status} is told with what helps`, async () => {
      const server = createServer((_request, response) => response.writeHead(status, headers).end());
      const { code, message, hint } = await refusedBy(server);
      assert.equal(code, 'runFailed');
      assert.match(message, says);
      assert.match(hint, helps);
    });
  }
});

describe('a server that does not get as far as the upgrade over TLS', () => {
  const server = (onHello: (socket: Socket) => void): Server =>
    createTcpServer((socket) => void socket.on('error', () => undefined).once('data', () => onHello(socket)));

  test('is told as an alert where it sends one', async () => {
    const internalError = Buffer.of(21, 3, 3, 0, 2, 2, 80);
    const { message, hint } = await refusedBy(
      server((socket) => void socket.end(internalError)),
      true,
    );
    assert.match(message, /the server ended TLS with an alert$/);
    assert.match(hint, /what it has logged/);
  });

  test('is told to be asked in plain where it is silent', async () => {
    const sockets: Socket[] = [];
    const { message, hint } = await refusedBy(
      server((socket) => void sockets.push(socket)),
      true,
      300,
    );
    assert.match(message, /did not finish the TLS handshake in time$/);
    assert.match(hint, /try ws:\/\//);
    for (const socket of sockets) socket.destroy();
  });
});
