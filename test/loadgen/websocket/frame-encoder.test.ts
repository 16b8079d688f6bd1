import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { encodeFrame } from '../../../assets/loadgen/websocket/frame-encoder.ts';
import { binary, ping, text } from '../../../assets/loadgen/websocket/opcodes.ts';
import { upgradeRequest } from '../../../assets/loadgen/websocket/handshake.ts';

test("frames of every length are read by another implementation's server", async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const lengths = [0, 1, 3, 125, 126, 127, 65535, 65536, 100_000];
  const received: string[] = [];
  const pings: number[] = [];
  const closed = new Promise<number>((resolve) => {
    server.on('connection', (socket) => {
      socket.on('message', (data: Buffer, isBinary) => {
        received.push(`${isBinary} ${data.length} ${data.every((byte, n) => byte === 97 + (n % 26))}`);
        if (received.length === 2 * lengths.length) socket.close();
      });
      socket.on('ping', (data) => pings.push(data.length));
      socket.on('error', (error) => assert.fail(error));
      socket.on('close', resolve);
    });
  });
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const request = upgradeRequest('localhost', '/');
  socket.write(request.text.replace('A'.repeat(24), Buffer.alloc(16).toString('base64')));
  for (const length of lengths) {
    const payload = Buffer.from(Array.from({ length }, (_, n) => 97 + (n % 26)));
    socket.write(encodeFrame(text, payload));
    socket.write(encodeFrame(ping, payload.subarray(0, 125)));
    socket.write(encodeFrame(binary, payload));
  }
  socket.once('data', () => socket.resume());
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (received.length < 2 * lengths.length) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });
  socket.destroy();
  await closed;
  server.close();
  assert.deepEqual(
    received,
    lengths.flatMap((length) => [`false ${length} true`, `true ${length} true`]),
  );
  assert.equal(pings.length, lengths.length);
});
