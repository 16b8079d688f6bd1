import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';

/*
 * A server that keeps the contract as far as the lab's own messages need it, and misbehaves as it is told: what provokes walls. It is
 * copied into a server folder of its own, so it imports nothing of the project.
 */
const { values } = parseArgs({
  options: {
    backlog: { type: 'string', default: '65535' },
    /** Milliseconds of every 100 in which it does nothing at all. */
    'asleep-millis': { type: 'string', default: '0' },
    /** Milliseconds of work for each message. */
    'burn-millis': { type: 'string', default: '0' },
    /** Resets every other connection instead of answering it. */
    'reset-half': { type: 'boolean', default: false },
    /** Ends every publisher's connection but the first. */
    'one-publisher': { type: 'boolean', default: false },
    /** Keeps this much more on its heap with every connection. */
    'leak-bytes': { type: 'string', default: '0' },
  },
});
const port = Number(process.env['C1M_PORT']);
const number = (text: string | undefined): number => Number(text);
const members = new Set<Socket>();
const leaked: number[][] = [];
let connections = 0;
let publishers = 0;

const server = createServer({ noDelay: true }, (socket) => {
  connections += 1;
  socket.on('error', () => {});
  if (values['reset-half'] && connections % 2 === 0) {
    socket.resetAndDestroy();
    return;
  }
  const leakBytes = number(values['leak-bytes']);
  if (leakBytes > 0) leaked.push(Array.from({ length: leakBytes / 8 }, (_, n) => n + 0.5));
  let head = '';
  let frames: Buffer = Buffer.alloc(0);
  let isPublisher = false;
  socket.on('data', (chunk: Buffer) => {
    if (!head.endsWith('\r\n\r\n')) {
      head += chunk.toString('latin1');
      const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1];
      if (!head.endsWith('\r\n\r\n') || key === undefined) return;
      isPublisher = head.startsWith('GET /publish');
      if (!isPublisher) members.add(socket);
      else if (values['one-publisher'] && ++publishers > 1) {
        socket.destroy();
        return;
      }
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      return;
    }
    frames = Buffer.concat([frames, chunk]);
    frames = takeFrames(frames, (opcode, payload) => answer(socket, isPublisher, opcode, payload));
  });
  socket.on('close', () => members.delete(socket));
});

/** Takes whole masked frames of less than 126 bytes off the front; what is left. */
function takeFrames(bytes: Buffer, take: (opcode: number, payload: Buffer) => void): Buffer {
  let rest = bytes;
  while (rest.length >= 6) {
    const length = (rest[1] ?? 0) & 0x7f;
    if (rest.length < 6 + length) break;
    const payload = Buffer.from(rest.subarray(6, 6 + length));
    for (let i = 0; i < length; i += 1) payload[i] = (payload[i] ?? 0) ^ (rest[2 + (i % 4)] ?? 0);
    take((rest[0] ?? 0) & 0x0f, payload);
    rest = rest.subarray(6 + length);
  }
  return rest;
}

function answer(socket: Socket, isPublisher: boolean, opcode: number, payload: Buffer): void {
  const began = performance.now();
  const burnMillis = number(values['burn-millis']);
  while (performance.now() - began < burnMillis);
  const frame = (code: number): Buffer => Buffer.concat([Buffer.from([0x80 | code, payload.length]), payload]);
  if (opcode === 8) socket.end(frame(8));
  else if (opcode === 9) socket.write(frame(10));
  else if (!isPublisher) socket.write(frame(opcode));
  else {
    const whole = frame(opcode);
    for (const member of members) member.write(whole);
    const text = `sent ${members.size} 0 ${Math.round((performance.now() - began) * 1000)}`;
    socket.write(Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]));
  }
}

const asleepMillis = number(values['asleep-millis']);
if (asleepMillis > 0) {
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  setInterval(() => Atomics.wait(nothing, 0, 0, asleepMillis), 100);
}
server.on('error', (error) => {
  process.stderr.write(`cannot listen on port ${port}: ${error.message}\n`);
  process.exit(1);
});
server.listen({ host: process.env['C1M_ADDRESS'] ?? '0.0.0.0', port, backlog: number(values.backlog) }, () => {
  process.stdout.write(`${JSON.stringify({ event: 'listening', port, server: 'plain', version: '1' })}\n`);
});
process.once('SIGTERM', () => process.exit(0));
