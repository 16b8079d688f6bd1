import type { OddConnection } from '../tls/odd-server.ts';
import { acceptFor } from '../../../assets/loadgen/websocket/keys.ts';
import {
  drip,
  ended,
  flood,
  frame,
  held,
  hold,
  text,
  threeHandshakes,
  type HostileRun,
  type HostileServer,
} from './behaviour.ts';

/** A server that abuses TLS. */
export interface HostileTlsServer extends HostileRun {
  /** Does its evil when a ClientHello has come. */
  readonly behave?: HostileServer['behave'];
  /** Instead of that: does it in TLS, when a request for an upgrade has come. */
  readonly secured?: (connection: OddConnection, request: string) => void;
}

const [alertType, handshakeType, contentType] = [21, 22, 23];
const keyUpdate = (requested: number): Buffer => Buffer.of(24, 0, 0, 1, requested);
const ticketBytes = 1000;
const ticket = Buffer.concat([Buffer.of(4, 0, ticketBytes >> 8, ticketBytes & 0xff), Buffer.alloc(ticketBytes, 1)]);

function record(type: number, content: Buffer, length = content.length): Buffer {
  return Buffer.concat([Buffer.of(type, 3, 3, length >> 8, length & 0xff), content]);
}

function accept(connection: OddConnection, request: string): void {
  const key = /^Sec-WebSocket-Key: (.*)\r$/m.exec(request)?.[1] ?? '';
  const answer = `HTTP/1.1 101 Hi\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n\r\n`;
  connection.send(connection.seal(contentType, Buffer.from(answer)));
}

/** Accepts, and sends records for ever, each made anew, as fast as they are taken. */
function pouring(make: (connection: OddConnection) => Buffer): HostileTlsServer['secured'] {
  return (connection, request) => {
    accept(connection, request);
    const { socket } = connection;
    const some = (): Buffer => Buffer.concat(Array.from({ length: 64 }, () => make(connection)));
    const pour = (): void => {
      if (!socket.writable) return;
      // In turns with what the client sends.
      if (socket.write(some())) setImmediate(pour);
      else socket.once('drain', pour);
    };
    pour();
  };
}

/** Asks, or does not ask, the client for new keys with each update of its own. */
function updating(requested: 0 | 1): HostileTlsServer['secured'] {
  return pouring((connection) => {
    const sealed = connection.seal(handshakeType, keyUpdate(requested));
    connection.updateServerKeys();
    return sealed;
  });
}

/** Accepts, and then sends once. */
function accepting(then: (connection: OddConnection) => void): HostileTlsServer['secured'] {
  return (connection, request) => {
    accept(connection, request);
    then(connection);
  };
}

const lost = { ...ended, waitsSeconds: 1 };

/** Servers that abuse TLS: what each does, what it is asked, and how a run against it must end. */
export const hostileTlsServers: readonly HostileTlsServer[] = [
  // Instead of a handshake.
  {
    name: 'says nothing to a ClientHello',
    asked: hold,
    exitCode: 5,
    says: /15 tlsTimeout/,
    waitsSeconds: threeHandshakes,
    behave: () => undefined,
  },
  {
    name: 'answers a ClientHello a byte a second',
    asked: hold,
    exitCode: 5,
    says: /15 tlsTimeout/,
    waitsSeconds: threeHandshakes,
    behave: (socket) => drip(socket, record(handshakeType, Buffer.of(2, 0, 0, 80, 3, 3), 84), 1000),
  },
  {
    // OpenSSL by itself takes them for as long as they come.
    ...ended,
    name: 'sends HelloRequests for ever',
    says: /15 tlsProtocolError/,
    behave: (socket) => flood(socket, record(handshakeType, Buffer.of(0, 0, 0, 0))),
  },
  {
    ...ended,
    name: 'announces a ServerHello of 16 MB and sends it',
    behave: (socket) => {
      socket.write(record(handshakeType, Buffer.of(2, 0xff, 0xff, 0xff)));
      flood(socket, record(handshakeType, Buffer.alloc(16_384, 1)));
    },
  },
  {
    ...ended,
    name: 'speaks HTTP without TLS',
    says: /5 tlsNotTls/,
    behave: (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'),
  },
  {
    ...ended,
    name: 'answers a ClientHello with noise for ever',
    says: /5 tlsNotTls/,
    behave: (socket) => flood(socket, Buffer.from('noise')),
  },
  {
    ...ended,
    name: 'sends an alert at once',
    says: /5 tlsHandshakeFailure/,
    behave: (socket) => void socket.end(record(alertType, Buffer.of(2, 40))),
  },
  {
    ...ended,
    name: 'sends warnings for ever',
    behave: (socket) => flood(socket, record(alertType, Buffer.of(1, 90))),
  },
  {
    ...ended,
    name: 'ends TCP after a ClientHello',
    behave: (socket) => void socket.end(),
  },
  // Once the connection is secured.
  {
    ...lost,
    name: 'sends garbage for records',
    says: /5 tlsBadRecord/,
    secured: accepting(({ socket }) => flood(socket, record(contentType, Buffer.alloc(100, 7)))),
  },
  {
    ...lost,
    name: 'sends plain text behind its handshake',
    says: /5 tls/,
    secured: accepting(({ socket }) => flood(socket, frame(text, 'no TLS'))),
  },
  {
    ...lost,
    name: 'announces a record of more than 16 kB and what a cipher adds',
    says: /5 tlsProtocolError/,
    secured: accepting(({ socket }) => flood(socket, record(contentType, Buffer.alloc(16_384 + 257)))),
  },
  {
    ...lost,
    name: 'sends a record of 16 kB and a byte',
    says: /5 tlsProtocolError/,
    secured: accepting((connection) => connection.send(connection.seal(contentType, Buffer.alloc(16_385)))),
  },
  { ...held, name: 'updates its keys for ever', secured: updating(0) },
  { ...held, name: 'asks for new keys for ever', secured: updating(1) },
  {
    ...held,
    name: 'asks for new keys for ever and reads nothing',
    secured: (connection, request) => {
      connection.socket.pause();
      updating(1)?.(connection, request);
    },
  },
  {
    ...held,
    name: 'sends tickets for ever',
    secured: pouring((connection) => connection.seal(handshakeType, ticket)),
  },
  {
    ...held,
    asked: `${hold} --tls-resume`,
    name: 'sends tickets for ever to a client that resumes',
    secured: pouring((connection) => connection.seal(handshakeType, ticket)),
  },
  {
    ...held,
    name: 'sends empty records for ever',
    secured: pouring((connection) => connection.seal(contentType, Buffer.alloc(0))),
  },
  {
    ...held,
    name: 'sends padding for ever',
    secured: pouring((connection) => connection.seal(contentType, Buffer.alloc(0), 16_000)),
  },
  {
    ...held,
    name: 'floods with pings in TLS and reads nothing',
    secured: (connection, request) => {
      connection.socket.pause();
      pouring(() => connection.seal(contentType, frame(0x89, 'p'.repeat(125))))?.(connection, request);
    },
  },
  {
    ...lost,
    name: 'ends TCP without a close_notify',
    says: /5 closedByServer/,
    secured: accepting(({ socket }) => void socket.end()),
  },
];
