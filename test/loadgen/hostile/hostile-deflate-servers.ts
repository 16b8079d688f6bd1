import { deflateRawSync } from 'node:zlib';
import { accepting, ended, flood, longHeader, mebibyte, text, untilLost, type HostileServer } from './behaviour.ts';

const accepted = 'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n';
const compressedText = text | 0x40;
const asked = `--deflate ${untilLost}`;

/** A compressed frame of at least 64 KiB, or what its header says of it. */
function longFrame(payload: Buffer, announced = payload.length): Buffer {
  const header = longHeader(BigInt(announced));
  header[0] = compressedText;
  return Buffer.concat([header, payload]);
}

let madeBomb: Buffer | null = null;

/** 80 MiB of zeros in a compressed frame, made once: it takes a second on a busy machine, in which the server does nothing else. */
function bomb(): Buffer {
  madeBomb ??= longFrame(deflateRawSync(Buffer.alloc(80 * mebibyte)));
  return madeBomb;
}

/** Servers that abuse clients by what they send compressed. */
export const hostileDeflateServers: readonly HostileServer[] = [
  {
    ...ended,
    name: 'sends bombs',
    asked,
    says: /5 deflateTooLong/,
    behave: accepting((socket) => flood(socket, bomb()), accepted),
  },
  {
    ...ended,
    name: 'sends a compressed message without end',
    asked,
    says: /5 deflateTooLong/,
    behave: accepting((socket) => {
      socket.write(longFrame(Buffer.alloc(0), 2 ** 40));
      flood(socket, Buffer.alloc(65536, 'a'));
    }, accepted),
  },
  {
    ...ended,
    name: 'sends compressed fragments of nothing, and then garbage',
    asked,
    says: /5 deflateData/,
    behave: accepting((socket) => {
      const fragments = Buffer.alloc(200_000);
      socket.write(Buffer.concat([Buffer.of(0x41, 0), fragments, Buffer.of(0x80, 1, 0xff)]));
    }, accepted),
  },
  {
    ...ended,
    name: 'compresses a ping',
    asked,
    says: /5 protocolError/,
    behave: accepting((socket) => void socket.write(Buffer.of(0xc9, 0)), accepted),
  },
];
