import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { LayerClient } from './layer-client.ts';
import { oddServer, type OddConnection } from './odd-server.ts';
import { until } from '../../until.ts';

const [alert, handshake, content] = [21, 22, 23];
const text = (length: number, fill = 'abc'): Buffer => Buffer.alloc(length, fill);
const keyUpdate = (requested: number): Buffer => Buffer.of(24, 0, 0, 1, requested);
const ticket = (bytes: number): Buffer => {
  const message = Buffer.alloc(4 + bytes, 1);
  message[0] = 4;
  message.writeUIntBE(bytes, 1, 3);
  return message;
};

interface Pair {
  readonly server: OddConnection;
  readonly client: LayerClient;
  readonly fd: number;
}

async function pair(context: TestContext, readBytes?: number): Promise<Pair> {
  const connections: OddConnection[] = [];
  const { port } = await oddServer(context, (connection) => connections.push(connection));
  const client = new LayerClient(context, {}, readBytes);
  const fd = client.connect(port);
  await until('secured', () => client.isSecured(fd) && connections.length === 1);
  return { server: connections[0]!, client, fd };
}

describe('records of TLS 1.3', () => {
  test('are taken whole, together, and cut at any byte', async (context) => {
    for (const readBytes of [65_536, 1, 7]) {
      const { server, client, fd } = await pair(context, readBytes);
      const pieces = [text(1), text(300, 'x'), text(16_384, 'long'), text(2)];
      server.send(...pieces.map((piece) => server.seal(content, piece)));
      const wanted = Buffer.concat(pieces);
      await until('all is there', () => client.received(fd).length >= wanted.length);
      assert.ok(client.received(fd).equals(wanted));
      assert.equal(client.pieces(fd), pieces.length);
    }
  });

  test('may be padded and empty', async (context) => {
    const { server, client, fd } = await pair(context);
    server.send(
      server.seal(content, text(0)),
      server.seal(content, text(0), 5000),
      server.seal(content, Buffer.of(1, 0, 0), 16_000),
      server.seal(content, text(3), 1),
    );
    await until('all is there', () => client.received(fd).length >= 6);
    assert.deepEqual(client.received(fd), Buffer.concat([Buffer.of(1, 0, 0), text(3)]));
  });

  test('follow the server to its next keys, and ours change when it wants them to', async (context) => {
    const { server, client, fd } = await pair(context);
    client.send(fd, text(4, 'one.'));
    for (const requested of [0, 1, 0]) {
      server.send(server.seal(handshake, keyUpdate(requested)));
      server.updateServerKeys();
      server.send(server.seal(content, text(5, `key${requested}.`)));
    }
    await until('all is there', () => client.received(fd).length >= 15);
    assert.equal(client.received(fd).toString(), 'key0.key1.key0.');
    client.send(fd, text(4, 'two.'));
    await until('the client has answered', () => server.received.length === 3);
    assert.deepEqual(
      server.received.map((record) => [record.type, record.content]),
      [
        [content, text(4, 'one.')],
        [handshake, keyUpdate(0)],
        [content, text(4, 'two.')],
      ],
    );
  });

  test('that ask for new keys again and again are answered once a read', async (context) => {
    const { server, client, fd } = await pair(context);
    const updates: Buffer[] = [];
    for (let n = 0; n < 100; n += 1) {
      updates.push(server.seal(handshake, keyUpdate(1)));
      server.updateServerKeys();
    }
    server.send(...updates, server.seal(content, text(4, 'end.')));
    await until('all is there', () => client.received(fd).length === 4);
    client.send(fd, text(4, 'end.'));
    await until('the client’s end', () => server.received.at(-1)?.type === content);
    assert.ok(server.received.length < 10, `${server.received.length} records`);
  });

  test('with tickets are passed over, however they are cut up', async (context) => {
    const { server, client, fd } = await pair(context);
    const two = Buffer.concat([ticket(200), ticket(70)]);
    server.send(
      server.seal(handshake, two.subarray(0, 1)),
      server.seal(handshake, two.subarray(1, 230)),
      server.seal(handshake, two.subarray(230)),
      server.seal(handshake, Buffer.concat([ticket(5), keyUpdate(0)])),
    );
    server.updateServerKeys();
    server.send(server.seal(content, text(3)));
    await until('all is there', () => client.received(fd).length === 3);
    assert.equal(client.cause(fd), null);
  });

  const ends: readonly (readonly [string, (server: OddConnection) => readonly Buffer[], string, number | null])[] = [
    ['a goodbye', (server) => [server.seal(alert, Buffer.of(1, 0))], 'closedByServer', null],
    ['a fatal alert', (server) => [server.seal(alert, Buffer.of(2, 80))], 'tlsAlert', null],
    ['a certificate required', (server) => [server.seal(alert, Buffer.of(2, 116))], 'tlsClientCertificate', null],
    ['half an alert', (server) => [server.seal(alert, Buffer.of(2))], 'tlsProtocolError', 50],
    ['a forged record', (server) => [flipped(server.seal(content, text(20)))], 'tlsBadRecord', 20],
    ['a record twice', (server) => [...twice(server.seal(content, text(20)))], 'tlsBadRecord', 20],
    ['a record too short to be sealed', () => [Buffer.of(23, 3, 3, 0, 15, ...text(15))], 'tlsBadRecord', 20],
    ['a record in the clear', () => [Buffer.of(22, 3, 3, 0, 4, 0, 0, 0, 0)], 'tlsProtocolError', 10],
    ['a change of cipher', () => [Buffer.of(20, 3, 3, 0, 1, 1)], 'tlsProtocolError', 10],
    ['a record of zeros', (server) => [server.sealInner(Buffer.alloc(20))], 'tlsProtocolError', 10],
    ['an unknown type', (server) => [server.seal(24, text(5))], 'tlsProtocolError', 10],
    ['a sealed change of cipher', (server) => [server.seal(20, Buffer.of(1))], 'tlsProtocolError', 10],
    ['a record that is too long', () => [Buffer.of(23, 3, 3, 0x41, 0x01)], 'tlsProtocolError', 22],
    ['too much content', (server) => [server.seal(content, text(16_385))], 'tlsProtocolError', 22],
    ['an empty handshake record', (server) => [server.seal(handshake, text(0))], 'tlsProtocolError', 10],
    ['an unexpected message', (server) => [server.seal(handshake, Buffer.of(13, 0, 0, 0))], 'tlsProtocolError', 10],
    ['a message without an end', (server) => [server.seal(handshake, Buffer.of(4, 1, 0, 0))], 'tlsProtocolError', 50],
    ['new keys of no kind', (server) => [server.seal(handshake, keyUpdate(2))], 'tlsProtocolError', 47],
    [
      'new keys in the middle of a record',
      (server) => [server.seal(handshake, Buffer.concat([keyUpdate(0), ticket(3)]))],
      'tlsProtocolError',
      10,
    ],
    [
      'content inside a message',
      (server) => [server.seal(handshake, ticket(9).subarray(0, 5)), server.seal(content, text(3))],
      'tlsProtocolError',
      10,
    ],
  ];
  for (const [name, records, cause, sentAlert] of ends) {
    test(`end with ${cause} at ${name}`, async (context) => {
      const { server, client, fd } = await pair(context);
      server.send(...records(server));
      await until('it ended', () => client.cause(fd) !== null);
      assert.equal(client.cause(fd), cause);
      if (sentAlert === null) return;
      await until('an alert', () => server.received.length > 0);
      assert.deepEqual(server.received, [{ type: alert, content: Buffer.of(2, sentAlert) }]);
    });
  }

  test('may cancel without an end', async (context) => {
    const { server, client, fd } = await pair(context);
    server.send(server.seal(alert, Buffer.of(1, 90)), server.seal(content, text(3)));
    await until('content', () => client.received(fd).length === 3);
    assert.equal(client.cause(fd), null);
  });
});

function flipped(record: Buffer): Buffer {
  record[9]! ^= 1;
  return record;
}

function twice(record: Buffer): readonly Buffer[] {
  return [record, record];
}
