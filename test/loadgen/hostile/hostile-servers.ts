import {
  accept,
  accepting,
  broadcast,
  drip,
  echo,
  ended,
  flood,
  flooding,
  frame,
  held,
  hold,
  longHeader,
  mebibyte,
  silence,
  text,
  threeHandshakes,
  unmasked,
  type HostileServer,
} from './behaviour.ts';

import { hostileDeflateServers } from './hostile-deflate-servers.ts';

/** Servers that abuse their clients: what each does, what it is asked, and how a run against it must end. */
export const hostileServers: readonly HostileServer[] = [
  ...hostileDeflateServers,
  // The longest first: it waits beside the others.
  {
    name: 'echoes once in eight seconds',
    asked: '--hold 0 --echo-rate 40 --echo-seconds 1',
    exitCode: 6,
    says: /messages of phase echo did not arrive/,
    // What a server owes is waited for 30 s after the last message at most.
    waitsSeconds: 30,
    behave: accepting((socket) => {
      const owed: string[] = [];
      socket.on('data', (data) => owed.push(unmasked(data)));
      setInterval(() => owed.length > 0 && socket.writable && socket.write(frame(text, owed.shift() ?? '')), 8000);
    }),
  },
  // Instead of an answer to the upgrade.
  {
    name: 'says nothing',
    asked: broadcast,
    exitCode: 5,
    says: /0 of 5 .*15 handshakeTimeout/,
    waitsSeconds: threeHandshakes,
    behave: () => undefined,
  },
  {
    name: 'answers the upgrade a byte a second',
    asked: hold,
    exitCode: 5,
    says: /15 handshakeTimeout/,
    waitsSeconds: threeHandshakes,
    behave: (socket) => drip(socket, Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n'), 1000),
  },
  { ...ended, name: 'resets', says: /15 ECONNRESET/, behave: (socket) => void socket.resetAndDestroy() },
  {
    ...ended,
    name: 'sends headers without end',
    says: /15 badHandshake/,
    behave: (socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n');
      flood(socket, Buffer.from('X-More: and more\r\n'));
    },
  },
  {
    ...ended,
    name: 'sends a header line without end',
    says: /15 badHandshake/,
    behave: (socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nX: ');
      flood(socket, Buffer.from('x'));
    },
  },
  {
    ...ended,
    name: 'sends early hints for ever',
    says: /15 badHandshake/,
    behave: (socket) => flood(socket, Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n')),
  },
  {
    ...ended,
    name: 'sends noise before it is asked',
    says: /badHandshake|ECONNRESET|EPIPE/,
    greet: (socket) => flood(socket, Buffer.of(0xff, 0, 0x7f)),
    behave: () => undefined,
  },
  // On an open connection.
  {
    ...ended,
    name: 'accepts and sends garbage',
    says: /5 protocolError/,
    waitsSeconds: 1,
    behave: flooding(Buffer.of(0xff, 0xff, 0x13, 0x37)),
  },
  { ...held, name: 'sends empty messages for ever', behave: flooding(frame(text, '')) },
  {
    ...held,
    name: 'sends fragments for ever',
    behave: accepting((socket) => {
      socket.write(frame(0x01, 'a'));
      flood(socket, frame(0x00, ''));
    }),
  },
  { ...held, name: 'sends messages in many fragments', behave: flooding(Buffer.of(0x01, 1, 97, 0x00, 1, 98, 0x80, 0)) },
  {
    ...held,
    name: 'floods with pings and reads nothing',
    behave: accepting((socket) => {
      socket.pause();
      flood(socket, frame(0x89, 'p'.repeat(125)));
    }),
  },
  { ...held, name: 'floods with pings and reads the pongs', behave: flooding(frame(0x89, 'p'.repeat(125))) },
  { ...held, name: 'floods with pongs', behave: flooding(frame(0x8a, 'p'.repeat(125))) },
  {
    ...held,
    name: 'pushes messages of a mebibyte',
    behave: flooding(Buffer.concat([longHeader(BigInt(mebibyte)), Buffer.alloc(mebibyte, 'x')])),
  },
  {
    ...held,
    name: 'announces 2^52 bytes and sends them',
    behave: accepting((socket) => {
      socket.write(longHeader(2n ** 52n));
      flood(socket, Buffer.alloc(65536, 'x'));
    }),
  },
  {
    ...ended,
    name: 'announces 2^63 bytes',
    says: /5 protocolError/,
    waitsSeconds: 1,
    behave: flooding(longHeader(2n ** 63n)),
  },
  { ...held, name: 'drips a message', behave: accepting((socket) => drip(socket, frame(text, 'x'.repeat(120)), 100)) },
  {
    ...ended,
    name: 'keeps TCP open after its close frame',
    says: /5 closeFrame/,
    waitsSeconds: 1,
    behave: accepting((socket) => void socket.write(Buffer.of(0x88, 2, 3, 0xe8))),
  },
  {
    ...ended,
    name: 'floods with close frames',
    says: /5 closeFrame/,
    waitsSeconds: 1,
    behave: flooding(Buffer.of(0x88, 2, 3, 0xe8)),
  },
  // Against a workload.
  {
    name: 'reads nothing',
    asked: echo,
    exitCode: 6,
    says: /messages of phase echo did not arrive/,
    waitsSeconds: silence,
    behave: accepting((socket) => void socket.pause()),
  },
  {
    name: 'sends echoes that nobody asked for',
    asked: echo,
    exitCode: 6,
    says: /messages of phase echo did not arrive/,
    waitsSeconds: silence,
    behave: flooding(frame(text, 'echo 1 1 1')),
  },
  {
    name: 'makes up broadcasts',
    asked: broadcast,
    exitCode: 6,
    says: /messages of phase broadcast did not arrive/,
    waitsSeconds: silence,
    behave: accepting((socket) => {
      let seq = 1;
      const pour = (): void => {
        const frames = Array.from({ length: 1000 }, (_, n) => frame(text, `${seq + n} 1`));
        seq = (seq + 1000) % 9_999_000;
        if (socket.writable) socket.write(Buffer.concat(frames), () => setImmediate(pour));
      };
      pour();
    }),
  },
  {
    name: 'never answers on /publish',
    asked: broadcast,
    exitCode: 4,
    says: /publishing failed: no connection to \/publish .*handshakeTimeout/,
    waitsSeconds: 15,
    behave: (socket, request, path) => {
      if (path !== '/publish') accept(socket, request);
    },
  },
  {
    name: 'floods its publisher',
    asked: broadcast,
    exitCode: 6,
    says: /messages of phase broadcast did not arrive/,
    waitsSeconds: silence,
    behave: accepting((socket, path) => {
      if (path === '/publish') flood(socket, frame(text, `sent ${'9'.repeat(100)} 0 1`));
    }),
  },
];
