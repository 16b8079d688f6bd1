import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { summarize } from '../../assets/loadgen/measure/summary.ts';
import { parseWorkload } from '../../assets/loadgen/workload/workload.ts';
import { acceptFor } from '../../assets/loadgen/websocket/keys.ts';
import { isAlive, loopbackSource, startLoad } from './held-load.ts';
import { startLabServer } from './lab-server.ts';
import { until } from '../until.ts';

/** A listener that does `answer` to each connection; the port. */
async function listener(context: TestContext, answer: (socket: Socket, request: string) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (data) => answer(socket, data.toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function accepting(request: string): Buffer {
  const key = /^Sec-WebSocket-Key: (.*)\r$/m.exec(request)?.[1] ?? '';
  return Buffer.from(
    `HTTP/1.1 101 Hi\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n\r\n`,
  );
}

/** Attempts that never succeed: what the server does, and how the failure is counted. */
const attempts: readonly (readonly [string, (socket: Socket, request: string) => void, string])[] = [
  ['a reset', (socket) => socket.resetAndDestroy(), 'ECONNRESET'],
  ['an end', (socket) => socket.end(), 'closedByServer'],
  [
    'an end in the middle of the answer',
    (socket, request) => socket.end(accepting(request).subarray(0, 60)),
    'closedByServer',
  ],
  ['silence', () => undefined, 'handshakeTimeout'],
  ['half an answer', (socket, request) => socket.write(accepting(request).subarray(0, 60)), 'handshakeTimeout'],
  ['another status', (socket) => socket.write('HTTP/1.1 503 Busy\r\n\r\n'), 'http503'],
  ['a status of its own', (socket) => socket.write('HTTP/1.1 599 Odd\r\n\r\n'), 'httpOther'],
  ["another key's accept", (socket) => socket.write(accepting('')), 'wrongAccept'],
  ['noise', (socket) => socket.write('\0\0\0\0'), 'badHandshake'],
];

/** Connections that are lost once they are open. */
const losses: readonly (readonly [string, (socket: Socket) => void, string])[] = [
  ['an end', (socket) => socket.end(), 'closedByServer'],
  ['a reset', (socket) => socket.resetAndDestroy(), 'ECONNRESET'],
  ['a close frame', (socket) => socket.write(Buffer.of(0x88, 2, 3, 0xe9)), 'closeFrame'],
  ['a masked frame', (socket) => socket.write(Buffer.of(0x81, 0x80, 0, 0, 0, 0)), 'protocolError'],
  ['an end inside a frame', (socket) => socket.end(Buffer.of(0x81, 5, 97)), 'closedByServer'],
];

describe('failures are counted by cause', { concurrency: 8 }, () => {
  for (const [name, answer, cause] of attempts) {
    test(`${name} instead of an answer is ${cause}, tried three times and given up`, async (context) => {
      const port = await listener(context, answer);
      // Short only where it is to run out: a busy machine may take longer for the other answers.
      const handshakeSeconds = cause === 'handshakeTimeout' ? 0.6 : 20;
      const load = startLoad(context, [port], { connections: 2, handshakeSeconds });
      await until('the ramp ends', () => load.rampEnded);
      const { counts, reason, phase } = load.status();
      assert.deepEqual(counts, {
        wanted: 2,
        open: 0,
        established: 0,
        attempts: 6,
        connectFailures: { [cause]: 6 },
        abandoned: 2,
        lost: {},
      });
      assert.equal(phase, 'holding');
      assert.match(reason ?? '', new RegExp(`0 of 2 connections were opened, 2 given up .*6 ${cause}`));
    });
  }

  for (const [name, lose, cause] of losses) {
    test(`${name} on an open connection is ${cause}`, async (context) => {
      const port = await listener(context, (socket, request) => {
        socket.write(accepting(request));
        setImmediate(lose, socket);
      });
      const load = startLoad(context, [port], { connections: 3 });
      await until('all lost', () => load.counts().lost[cause as 'other'] === 3);
      const counts = load.counts();
      assert.deepEqual([counts.established, counts.open, counts.abandoned], [3, 0, 0]);
      assert.deepEqual(counts.lost, { [cause]: 3 });
    });
  }

  test('a server that ends the publishing connection ends the workload at once, and not the load', async (context) => {
    const port = await listener(context, (socket, request) => {
      socket.write(accepting(request));
      if (request.startsWith('GET /publish')) socket.once('data', () => socket.destroy());
    });
    const load = startLoad(context, [port], { connections: 3 });
    await until('all open', () => load.rampEnded);
    // The last broadcast would be due in minutes.
    const driven = load.drive(parseWorkload('broadcast times=1000 every=0.2s'));
    let failure = '';
    driven.catch((error: Error) => (failure = error.message));
    await until('the workload ends', () => failure !== '');
    assert.match(failure, /^publishing failed: the connection to \/publish on port \d+ was lost/);
    await until('the workload counts as over', () => load.status().phase === 'holding');
    assert.deepEqual([load.status().driveFailure, load.failure], [failure, null]);
    assert.equal(load.counts().open, 3);
  });

  test('a publishing process that dies ends the workload at once, and the load has failed', async (context) => {
    const port = await listener(context, (socket, request) => socket.write(accepting(request)));
    const load = startLoad(context, [port], { connections: 3 });
    await until('all open', () => load.rampEnded);
    const driven = load.drive(parseWorkload('broadcast times=1000 every=0.2s'));
    let failure = '';
    driven.catch((error: Error) => (failure = error.message));
    await until('it publishes', () => (load.status().driving?.counts['published'] ?? 0) > 0);
    process.kill(load.processIds.at(-1)!, 'SIGKILL');
    await until('the workload ends', () => failure !== '');
    assert.equal(failure, 'the publishing process was ended by SIGKILL');
    assert.deepEqual([load.status().phase, load.status().reason], ['failed', failure]);
  });

  test('a port nobody listens on is ECONNREFUSED', async (context) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const load = startLoad(context, [port], { connections: 5, processes: 2 });
    await until('the ramp ends', () => load.rampEnded);
    assert.deepEqual(load.counts().connectFailures, { ECONNREFUSED: 15 });
  });

  test('a connection that is refused at first is opened by a later attempt', async (context) => {
    let refused = 0;
    const port = await listener(context, (socket, request) => {
      if (refused < 3) {
        refused += 1;
        socket.resetAndDestroy();
      } else socket.write(accepting(request));
    });
    const load = startLoad(context, [port], { connections: 3 });
    await until('the ramp ends', () => load.rampEnded);
    const { established, attempts: begun, connectFailures, abandoned } = load.counts();
    assert.deepEqual([established, begun, abandoned], [3, 6, 0]);
    assert.deepEqual(connectFailures, { ECONNRESET: 3 });
  });

  test('a source address that is not this host’s is EADDRNOTAVAIL', async (context) => {
    const server = await startLabServer(context);
    const load = startLoad(context, [server.port], { connections: 1, sources: ['192.0.2.1'] });
    await until('the ramp ends', () => load.rampEnded);
    assert.deepEqual(Object.keys(load.counts().connectFailures), ['EADDRNOTAVAIL']);
    assert.equal(load.counts().abandoned, 1);
  });

  test('a local port that is taken is passed over', async (context) => {
    const server = await startLabServer(context);
    const source = loopbackSource();
    const taken = createServer().listen(20_001, source);
    await once(taken, 'listening');
    context.after(() => taken.close());
    const load = startLoad(context, [server.port], { connections: 4, sources: [source] });
    await until('the ramp ends', () => load.rampEnded);
    assert.equal(load.counts().open, 4);
    assert.deepEqual(load.counts().connectFailures, { EADDRINUSE: 1 });
  });

  test('a server that accepts nothing and whose backlog is full leaves no ramp hanging', async (context) => {
    const script = `require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
      process.stdout.write(String(this.address().port));
      setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60000), 10);
    })`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    context.after(() => child.kill('SIGKILL'));
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    await new Promise((resolve) => setTimeout(resolve, 50));
    const load = startLoad(context, [Number(port)], { connections: 8, handshakeSeconds: 0.4 });
    await until('the ramp ends', () => load.rampEnded);
    const { connectFailures, abandoned, attempts: begun } = load.counts();
    assert.equal(abandoned, 8);
    assert.ok(
      (connectFailures.handshakeTimeout ?? 0) > 0 && (connectFailures.ETIMEDOUT ?? 0) > 0,
      JSON.stringify(connectFailures),
    );
    assert.equal((connectFailures.handshakeTimeout ?? 0) + (connectFailures.ETIMEDOUT ?? 0), begun);
  });

  test('an answer byte by byte, and a broadcast in the same packet as its end, are taken', async (context) => {
    const port = await listener(context, (socket, request) => {
      socket.setNoDelay(true);
      const answer = accepting(request);
      const bytes = Buffer.concat([answer, Buffer.of(0x81, 4), Buffer.from('0 17')]);
      let at = 0;
      const next = (): void => {
        const end = at < answer.length - 1 ? at + 1 : bytes.length;
        socket.write(bytes.subarray(at, end));
        at = end;
        if (at < bytes.length) setImmediate(next);
      };
      next();
    });
    const load = startLoad(context, [port], { connections: 3 });
    await until('broadcasts', () => load.status().broadcastMessages === 3);
    assert.equal(load.counts().open, 3);
    const [broadcast] = summarize(await load.collectRaws()).strays;
    assert.equal(broadcast?.received, 3);
  });

  test('a load process that dies is told, with how, and the others go on', async (context) => {
    const server = await startLabServer(context);
    const load = startLoad(context, [server.port], { connections: 10, processes: 2 });
    await until('the ramp ends', () => load.rampEnded);
    process.kill(load.processIds[1]!, 'SIGKILL');
    await until('the failure shows', () => load.failure !== null);
    const { phase, reason, counts } = load.status();
    assert.equal(phase, 'failed');
    assert.match(reason ?? '', /load process 1 was ended by SIGKILL/);
    assert.deepEqual([counts.open, counts.established], [5, 10]);
    const raws = await load.collectRaws();
    assert.deepEqual(
      raws.map((raw) => [raw.process, raw.counts.open]),
      [[0, 5]],
    );
    await assert.rejects(load.drive(parseWorkload('broadcast')), /SIGKILL/);
  });

  test('stopping says goodbye to the server on every connection', async (context) => {
    const codes: number[] = [];
    const server = await startLabServer(context, {
      onMember: (member) => member.on('close', (code) => codes.push(code)),
    });
    const load = startLoad(context, [server.port], { connections: 20, processes: 2 });
    await until('the ramp ends', () => load.rampEnded);
    await load.stop();
    await until('all closed', () => codes.length === 20);
    assert.deepEqual(new Set(codes), new Set([1000]));
    assert.ok(load.processIds.every((pid) => !isAlive(pid)));
  });
});
