import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls';
import { authority, expired, notYetValid, serverCertificate } from './certificates.ts';
import { LayerClient } from './layer-client.ts';
import { until } from '../../until.ts';

const { certificate, key } = serverCertificate();

interface EchoServer {
  readonly port: number;
  readonly sockets: readonly TLSSocket[];
}

/** A TLS server of Node's own that sends everything back. */
async function echoServer(context: TestContext, options: TlsOptions = {}): Promise<EchoServer> {
  const sockets: TLSSocket[] = [];
  const server = createServer({ cert: certificate, key, ...options }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

/** The port of what is between a client and a server of TLS 1.2, and hands on the end of the server's handshake only with content behind it. */
async function together(context: TestContext, port: number): Promise<number> {
  const changeCipherSpec = 20;
  const applicationData = 23;
  const front = createTcpServer((client) => {
    const behind = connect(port, '127.0.0.1');
    context.after(() => [client, behind].forEach((socket) => socket.destroy()));
    client.pipe(behind);
    let held = Buffer.alloc(0);
    behind.on('data', (bytes) => {
      held = Buffer.concat([held, bytes]);
      const types = recordTypes(held);
      if (types.includes(changeCipherSpec) && !types.includes(applicationData)) return;
      client.write(held);
      held = Buffer.alloc(0);
    });
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  context.after(() => front.close());
  return (front.address() as AddressInfo).port;
}

function recordTypes(bytes: Buffer): readonly number[] {
  const types: number[] = [];
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes[at]!);
  return types;
}

const suites: readonly (readonly [string, TlsOptions])[] = [
  ['TLS_AES_128_GCM_SHA256', { minVersion: 'TLSv1.3' }],
  ['TLS_AES_256_GCM_SHA384', { minVersion: 'TLSv1.3' }],
  ['TLS_CHACHA20_POLY1305_SHA256', { minVersion: 'TLSv1.3' }],
  ['ECDHE-ECDSA-AES128-GCM-SHA256', { maxVersion: 'TLSv1.2' }],
  ['ECDHE-ECDSA-AES256-GCM-SHA384', { maxVersion: 'TLSv1.2' }],
  ['ECDHE-ECDSA-CHACHA20-POLY1305', { maxVersion: 'TLSv1.2' }],
];

describe('the TLS layer with a server of Node', () => {
  for (const [ciphers, versions] of suites) {
    test(`carries bytes both ways with ${ciphers}, in records of any length`, async (context) => {
      const server = await echoServer(context, { ciphers, ...versions });
      const client = new LayerClient(context);
      const fd = client.connect(server.port);
      await until('secured', () => client.isSecured(fd));
      await until('accepted', () => server.sockets.length === 1);
      assert.match(ciphers, new RegExp(server.sockets[0]!.getCipher().name.replace('TLS_', '')));
      const content = Buffer.alloc(100_000, 'a text of some length. ');
      for (const [start, end] of [
        [0, 1],
        [1, 700],
        [700, 17_084],
        [17_084, 100_000],
      ]) {
        client.send(fd, content.subarray(start, end));
      }
      await until('all back', () => client.received(fd).length >= content.length);
      assert.ok(client.received(fd).equals(content));
      assert.equal(client.cause(fd), null);
    });
  }

  test('takes what comes in one segment with the end of the handshake', async (context) => {
    const server = createServer({ cert: certificate, key, maxVersion: 'TLSv1.2' }, (socket) => socket.write('at once'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    context.after(() => server.close());
    const front = await together(context, (server.address() as AddressInfo).port);
    const client = new LayerClient(context);
    const fd = client.connect(front);
    await until('all of it', () => client.received(fd).toString() === 'at once');
  });

  test('asks for the server by name (SNI), and for http/1.1', async (context) => {
    const server = await echoServer(context, { ALPNProtocols: ['h2', 'http/1.1'] });
    const client = new LayerClient(context);
    const fd = client.connect(server.port);
    await until('secured', () => client.isSecured(fd));
    await until('accepted', () => server.sockets.length === 1);
    const [socket] = server.sockets;
    assert.deepEqual([socket!.servername, socket!.alpnProtocol], ['server.test', 'http/1.1']);
  });

  test('accepts a certificate for an address, which is not asked for by name', async (context) => {
    const server = await echoServer(context);
    const client = new LayerClient(context, { serverName: '127.0.0.1' });
    const fd = client.connect(server.port);
    await until('secured', () => client.isSecured(fd));
    await until('accepted', () => server.sockets.length === 1);
    assert.equal(server.sockets[0]!.servername, false);
  });

  test('trusts a certificate that is given itself, with or without an authority', async (context) => {
    const server = await echoServer(context);
    const client = new LayerClient(context, { trusted: `a comment\n${certificate}` });
    const fd = client.connect(server.port);
    await until('secured', () => client.isSecured(fd));
  });

  test('says goodbye in TLS, and hears it', async (context) => {
    const server = await echoServer(context);
    const client = new LayerClient(context);
    const [ours, theirs] = [client.connect(server.port), client.connect(server.port)];
    await until('secured', () => client.isSecured(ours) && client.isSecured(theirs));
    await until('accepted', () => server.sockets.length === 2);
    const ended = once(server.sockets[0]!, 'end');
    client.sendEnd(ours);
    await ended;
    server.sockets[1]!.end();
    await until('it ended', () => client.cause(theirs) !== null);
    assert.equal(client.cause(theirs), 'closedByServer');
  });

  test('resumes sessions when it is asked to, in TLS 1.3 and 1.2, and never else', async (context) => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      for (const resume of [true, false]) {
        const server = await echoServer(context, { maxVersion });
        const client = new LayerClient(context, { resume });
        for (let n = 0; n < 3; n += 1) {
          const fd = client.connect(server.port);
          await until('secured', () => client.isSecured(fd));
          // What comes after the tickets shows that they have come.
          client.send(fd, Buffer.from('hello'));
          await until('an echo', () => client.received(fd).toString() === 'hello');
        }
        const resumed = server.sockets.map((socket) => socket.isSessionReused());
        assert.deepEqual(resumed, [false, resume, resume], `${maxVersion}, resume ${resume}`);
        assert.deepEqual(client.layer.counts, { full: resume ? 1 : 3, resumed: resume ? 2 : 0 });
      }
    }
  });
});

const refusals: readonly (readonly [
  string,
  TlsOptions,
  Partial<ConstructorParameters<typeof LayerClient>[1]>,
  string,
])[] = [
  [
    'an authority that is not trusted',
    {},
    { trusted: serverCertificate({ isAuthority: true }).certificate },
    'tlsUnknownCa',
  ],
  ['a certificate that signed itself', selfSigned(), {}, 'tlsUnknownCa'],
  ['a certificate for another name', {}, { serverName: 'another.test' }, 'tlsWrongName'],
  ['a certificate for another address', {}, { serverName: '127.0.0.2' }, 'tlsWrongName'],
  ['an expired certificate', asOptions(serverCertificate(expired)), {}, 'tlsExpired'],
  ['a certificate of the future', asOptions(serverCertificate(notYetValid)), {}, 'tlsNotYetValid'],
  [
    'a server that knows old versions only',
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
    {},
    'tlsVersion',
  ],
  [
    'a server without authenticated encryption',
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' },
    {},
    'tlsHandshakeFailure',
  ],
  ['a server that speaks HTTP/2 only', { ALPNProtocols: ['h2'] }, {}, 'tlsNoHttp'],
  [
    'a server that demands a certificate, in TLS 1.2',
    { requestCert: true, rejectUnauthorized: true, ca: authority.certificate, maxVersion: 'TLSv1.2' },
    {},
    'tlsHandshakeFailure',
  ],
  [
    'a server that demands a certificate, in TLS 1.3',
    { requestCert: true, rejectUnauthorized: true, ca: authority.certificate },
    {},
    'tlsClientCertificate',
  ],
];

describe('what TLS refuses is told by name', () => {
  for (const [name, server, options, cause] of refusals) {
    test(`${name} is ${cause}`, async (context) => {
      const { port } = await echoServer(context, server);
      const client = new LayerClient(context, options);
      const fd = client.connect(port);
      await until('it ended', () => client.cause(fd) !== null);
      assert.equal(client.cause(fd), cause);
    });
  }

  test('none of the certificate matters with --insecure', async (context) => {
    const { port } = await echoServer(context, asOptions(serverCertificate(expired)));
    const client = new LayerClient(context, { serverName: 'another.test', trusted: null });
    const fd = client.connect(port);
    await until('secured', () => client.isSecured(fd));
  });

  const strangers: readonly (readonly [string, string, string])[] = [
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'tlsNotTls'],
    ['an end', '', 'closedByServer'],
    ['a flood of HelloRequests', '\x16\x03\x03\0\x04\0\0\0\0'.repeat(30_000), 'tlsProtocolError'],
  ];
  for (const [name, answer, cause] of strangers) {
    test(`${name} instead of TLS is ${cause}`, async (context) => {
      const server = createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(answer));
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      context.after(() => server.close());
      const client = new LayerClient(context);
      const fd = client.connect((server.address() as AddressInfo).port);
      await until('it ended', () => client.cause(fd) !== null);
      assert.equal(client.cause(fd), cause);
    });
  }

  test('a reset in the handshake is ECONNRESET', async (context) => {
    const server = createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    context.after(() => server.close());
    const client = new LayerClient(context);
    const fd = client.connect((server.address() as AddressInfo).port);
    await until('it ended', () => client.cause(fd) !== null);
    assert.equal(client.cause(fd), 'ECONNRESET');
  });

  test('nothing to trust is an error, not trust in nobody', (context) => {
    assert.throws(() => new LayerClient(context, { trusted: 'no PEM' }), /no certificate \(PEM\) among those to trust/);
  });
});

function asOptions(made: { readonly certificate: string; readonly key: string }): TlsOptions {
  return { cert: made.certificate, key: made.key };
}

function selfSigned(): TlsOptions {
  return asOptions(serverCertificate({ issuer: undefined }));
}
