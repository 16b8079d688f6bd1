import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { monotonicMicros } from '../../../assets/loadgen/kernel/clock.ts';
import { close, connect } from '../../../assets/loadgen/kernel/libc.ts';
import { pause } from '../../../assets/loadgen/kernel/pause.ts';
import { StampedReads } from '../../../assets/loadgen/kernel/stamped-reads.ts';
import { socketAddress, stampArrivals, tcpSocket } from '../../../assets/loadgen/kernel/tcp.ts';
import { until } from '../../until.ts';

const { EAGAIN } = constants.errno;

/** A socket connected to a server of the test, and the server's end of it. */
async function connected(context: TestContext): Promise<{ readonly fd: number; readonly peer: Socket }> {
  const peers: Socket[] = [];
  const server = createServer((socket) => {
    peers.push(socket.setNoDelay(true).on('error', () => undefined));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const to = socketAddress('127.0.0.1', (server.address() as AddressInfo).port);
  const fd = tcpSocket(to);
  context.after(() => {
    close(fd);
    server.close();
    for (const peer of peers) peer.destroy();
  });
  connect(fd, to.address, to.bytes.length);
  await until('accepted', () => peers.length === 1);
  return { fd, peer: peers[0]! };
}

/** Sends from the server's end; the bytes have come when it returns, between the two times. */
async function sent(peer: Socket, text: string): Promise<{ readonly before: number; readonly after: number }> {
  const before = monotonicMicros();
  await new Promise<void>((resolve) => peer.write(text, () => resolve()));
  return { before, after: monotonicMicros() };
}

describe('reads that tell when their bytes came', () => {
  test('by the kernel, however late they are read', async (context) => {
    const { fd, peer } = await connected(context);
    const reads = new StampedReads();
    stampArrivals(fd);
    // The kernel begins to note times a moment after it is first asked to.
    await until('the kernel tells', async () => {
      await sent(peer, 'first');
      reads.setClocks();
      return reads.read(fd) > 0 && reads.isTold;
    });
    const { before, after } = await sent(peer, 'second');
    pause(50_000);
    const began = monotonicMicros();
    reads.setClocks();
    // Where this process was interrupted between the two clocks, arrivals seem later by as much.
    const between = monotonicMicros() - began;
    const got = reads.read(fd);
    assert.equal(reads.bytes.toString('latin1', 0, got), 'second');
    assert.ok(reads.isTold);
    // To the rounding of the clocks' sum in microseconds.
    assert.ok(reads.arrivedMicros >= before - 1, `came ${before - reads.arrivedMicros} us before it was sent`);
    assert.ok(reads.arrivedMicros <= after + between + 1, `came ${reads.arrivedMicros - after} us after it was there`);
    assert.ok(reads.nowMicros - reads.arrivedMicros >= 50_000);
  });

  test('or when they are read, where the kernel was not asked, and gives ends and errors', async (context) => {
    const { fd, peer } = await connected(context);
    const reads = new StampedReads();
    reads.setClocks();
    assert.equal(reads.read(fd), -EAGAIN);
    await sent(peer, 'some');
    reads.setClocks();
    assert.equal(reads.read(fd), 4);
    assert.equal(reads.isTold, false);
    assert.equal(reads.arrivedMicros, reads.nowMicros);
    peer.end();
    await until('its end', () => reads.read(fd) === 0);
  });
});
