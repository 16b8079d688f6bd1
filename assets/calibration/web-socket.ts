import { createHash } from 'node:crypto';

/** What a client's request asks for: the path, and the key of its WebSocket upgrade (empty when it is none). */
export interface UpgradeRequest {
  readonly path: string;
  readonly key: string;
  /** Where the bytes after the request begin. */
  readonly end: number;
}

/** Reads a whole HTTP request head; null while its end is not there. */
export function readRequest(bytes: Buffer): UpgradeRequest | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = bytes.toString('latin1', 0, end);
  const path = /^GET (\S+) HTTP\/1\.1/.exec(head)?.[1] ?? '';
  return {
    path: path.split('?', 1)[0] ?? '',
    key: /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? '',
    end: end + 4,
  };
}

/** The answer that accepts an upgrade. */
export function acceptance(key: string): string {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

/** Opcodes of RFC 6455, section 5.2. */
export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** An unmasked frame, as servers send it. */
export function frameOf(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const header = length < 126 ? 2 : 4;
  const frame = Buffer.alloc(header + length);
  frame[0] = 0x80 | opcode;
  if (header === 2) frame[1] = length;
  else {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  }
  frame.set(payload, header);
  return frame;
}

/**
 * Takes the whole frames at the front of what a client sent and gives back what is left. They must be masked, unfragmented and shorter than
 * 64 KiB, which is all that the load generator sends; throws for others.
 */
export function takeFrames(bytes: Buffer, use: (opcode: number, payload: Buffer) => void): Buffer {
  let from = 0;
  for (;;) {
    if (bytes.length - from < 2) break;
    const first = bytes[from] ?? 0;
    const second = bytes[from + 1] ?? 0;
    const short = second & 0x7f;
    if ((first & 0xf0) !== 0x80 || (second & 0x80) === 0 || short === 127) {
      throw new Error('a frame that this server does not take: fragmented, unmasked, reserved bits or too long');
    }
    const header = (short === 126 ? 4 : 2) + 4;
    if (bytes.length - from < header) break;
    const length = short === 126 ? bytes.readUInt16BE(from + 2) : short;
    const start = from + header;
    if (bytes.length < start + length) break;
    const payload = Buffer.from(bytes.subarray(start, start + length));
    for (let n = 0; n < length; n += 1) payload[n]! ^= bytes[start - 4 + (n % 4)]!;
    use(first & 0x0f, payload);
    from = start + length;
  }
  return bytes.subarray(from);
}
