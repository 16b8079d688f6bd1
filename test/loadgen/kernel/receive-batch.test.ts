import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { close, connect } from '../../../assets/loadgen/kernel/libc.ts';
import { batchSize, ReceiveBatch, slotBytes } from '../../../assets/loadgen/kernel/receive-batch.ts';
import { socketAddress, tcpSocket } from '../../../assets/loadgen/kernel/tcp.ts';
import { until } from '../../until.ts';

describe('reading many sockets', () => {
  for (const single of [false, true]) {
    test(`gives each socket's own bytes, its end or its error: ${single ? 'one call each' : 'as a batch where the kernel can'}`, async (context) => {
      const peers: Socket[] = [];
      const server = createServer((socket) => {
        // Closing with bytes unread resets.
        peers.push(socket.on('error', () => undefined));
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      context.after(() => server.close());
      const to = socketAddress('127.0.0.1', (server.address() as AddressInfo).port);
      const count = batchSize;
      const descriptors = Int32Array.from({ length: count }, () => tcpSocket(to));
      context.after(() => descriptors.forEach((fd) => close(fd)));
      for (const [n, fd] of descriptors.entries()) {
        connect(fd, to.address, to.bytes.length);
        await until('accepted', () => peers.length === n + 1);
      }
      // By turns: a few bytes, more than a slot holds, the end, nothing.
      for (const [n, peer] of peers.entries()) {
        if (n % 4 === 0) peer.write(`socket ${n}`);
        if (n % 4 === 1) peer.write(Buffer.alloc(slotBytes + 100, n));
        if (n % 4 === 2) peer.end();
      }
      const batch = new ReceiveBatch({ single });
      if (single) assert.equal(batch.batched, false);
      const expected = Array.from({ length: count }, (_, n) =>
        n % 4 === 0 ? `socket ${n}`.length : n % 4 === 1 ? slotBytes : n % 4 === 2 ? 0 : -constants.errno.EAGAIN,
      );
      const got = new Int32Array(count).fill(-constants.errno.EAGAIN);
      await until('all there', () => {
        // What has come is read once; the rest is asked again.
        const open = [...got.keys()].filter((n) => got[n] === -constants.errno.EAGAIN);
        batch.read(
          Int32Array.from(open, (n) => descriptors[n]!),
          open.length,
        );
        for (const [slot, n] of open.entries()) {
          got[n] = batch.results[slot]!;
          if (n % 4 === 0 && got[n] > 0) {
            assert.equal(batch.bytes.toString('latin1', slot * slotBytes, slot * slotBytes + got[n]), `socket ${n}`);
          }
          if (n % 4 === 1 && got[n] > 0) assert.equal(batch.bytes[slot * slotBytes], n);
        }
        return got.every((result, n) => result === expected[n]);
      });
      assert.deepEqual([...got], expected);
    });
  }
});
