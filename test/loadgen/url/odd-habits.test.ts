import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { loopbackSource } from '../held-load.ts';
import { answerServer, assertComplete, frame, load, request, type Answer, type Outcome } from './answer-server.ts';

const text = 0x81;
const words = (line: string): readonly string[] => line.split(' ');
const plain = (port: number): string => `ws://127.0.0.1:${port}/`;

/** Runs a small load of echoes against a server that does something with each message. */
async function echoes(
  context: TestContext,
  onText: (socket: Socket, message: string) => void,
  ...more: readonly string[]
): Promise<Outcome> {
  const { port } = await answerServer(context, { onText });
  const from = words(`--connections 1 --hold 0 --json --sources ${loopbackSource()}`);
  return load('--url', plain(port), ...from, '--workload', 'echo rate=20/s for=0.5s', ...more);
}

describe('a server that', { concurrency: 4 }, () => {
  test('redirects is told with its target, and neither followed nor asked again', async (context) => {
    const there = await answerServer(context);
    const location = `http://127.0.0.1:${there.port}/\u0001?id=hush`;
    const answer: Answer = () => `HTTP/1.1 307 Go\r\nLocation: ${location}\r\n\r\n`;
    const { json, code } = await request(context, answer, plain);
    assert.deepEqual([code, json.connectFailures], [5, { http307: 1 }]);
    assert.deepEqual(json.serverWords.failures, {
      http307: `redirected to 'http://127.0.0.1:${there.port}/??id=...'`,
    });
    assert.equal(there.heads.length, 0);
  });

  test('answers 503 with Retry-After is asked again no sooner', async (context) => {
    const answer: Answer = () => 'HTTP/1.1 503 No\r\nRetry-After: 1\r\n\r\n';
    const { times, json } = await request(context, answer, plain);
    assert.deepEqual(json.connectFailures, { http503: 3 });
    assert.deepEqual(json.serverWords.failures, {
      http503: "the answer to the upgrade is 'HTTP/1.1 503 No', with Retry-After '1'",
    });
    for (const n of [1, 2]) assert.ok(times[n]! - times[n - 1]! >= 1000, times.join(' '));
  });

  test('closes with codes has each counted, with its first reason', async (context) => {
    const codes = [1001, 1013, 1013, 4401];
    const { port } = await answerServer(context, {
      onOpen: (socket) => {
        const code = Buffer.alloc(2);
        code.writeUInt16BE(codes.pop() ?? 1000);
        socket.end(frame(0x88, Buffer.concat([code, Buffer.from(`reason ${codes.length}\u0007`)])));
      },
    });
    const args = words(`--connections 4 --hold 600 --sources ${loopbackSource()} --rate 20`);
    const { code, stdout } = await load('--url', plain(port), ...args);
    assert.equal(code, 5);
    assert.match(stdout, /^lost {9}4 closeFrame$/m);
    assert.match(stdout, /^closed {7}2 x 1013 \(try again later: 'reason [12]\?'\), /m);
    assert.match(stdout, /1 x 1001 \(going away: 'reason 0\?'\)/);
    assert.match(stdout, /1 x 4401 \('reason 3\?'\)/);
  });

  test('breaks the protocol is told how, and what helps', async (context) => {
    const { port } = await answerServer(context, { onOpen: (socket) => void socket.write(frame(0x83, 'x')) });
    const args = words(`--connections 2 --hold 600 --sources ${loopbackSource()}`);
    const { code, stdout, stderr } = await load('--url', plain(port), ...args);
    assert.equal(code, 5);
    assert.match(stdout, /^lost {9}2 protocolError\n {2}protocolError {2}opcode 3 is reserved$/m);
    assert.match(stderr, /^ {2}fix: .* breaks RFC 6455 as shown$/m);
  });

  const odd: readonly (readonly [string, (socket: Socket, message: string) => void, RegExp, object])[] = [
    [
      'sends every echo twice',
      (socket, message) => void socket.write(Buffer.concat([frame(text, message), frame(text, message)])),
      /answers of phase echo came 10 twice/,
      { sent: 10, received: 10, wrong: 10, doubled: 10, outOfOrder: 0 },
    ],
    [
      'changes every echo',
      (socket, message) => void socket.write(frame(text, message.toUpperCase())),
      /10 of 10 messages of phase echo did not arrive, answers of phase echo came 10 changed/,
      { sent: 10, received: 0, wrong: 10, doubled: 0, outOfOrder: 0 },
    ],
    [
      'sends echoes in pairs, the later one first',
      (() => {
        let first: string | null = null;
        return (socket: Socket, message: string): void => {
          if (first === null) first = message;
          else {
            socket.write(Buffer.concat([frame(text, message), frame(text, first)]));
            first = null;
          }
        };
      })(),
      /answers of phase echo came 5 out of order/,
      { sent: 10, received: 10, wrong: 0, doubled: 0, outOfOrder: 5 },
    ],
  ];
  for (const [name, onText, reason, counts] of odd) {
    test(`${name} is told so, and not as a success`, { timeout: 60_000 }, async (context) => {
      const { code, json, stderr } = await echoes(context, onText);
      assert.equal(code, 6, stderr);
      assert.match(json.reason ?? '', reason);
      for (const [count, value] of Object.entries(counts)) {
        assert.equal(json.phases[0]?.counts[count], value, `${count}: ${JSON.stringify(json.phases[0]?.counts)}`);
      }
    });
  }

  test('pushes messages with a time has them counted beside its echoes, with their latency', async (context) => {
    const oldMillis = 700;
    const onText = (socket: Socket, message: string): void => {
      const time = Date.now() - oldMillis;
      socket.write(Buffer.concat([frame(text, message), frame(text, `{"n":1,"t": ${time}.5}`), frame(text, '{}')]));
    };
    const outcome = await echoes(context, onText, '--stamp', 'json:t:unix-ms');
    assertComplete(outcome);
    const { json } = outcome;
    const { messages, bytes, messagesPerSecond, stamped } = json.pushes;
    assert.deepEqual([messages, bytes], [20, 10 * ('{"n":1,"t": 1234567890123.5}'.length + 2)]);
    assert.ok(messagesPerSecond !== null && messagesPerSecond > 0);
    assert.deepEqual([stamped?.sharesClock, stamped?.unstamped, stamped?.ahead], [true, 10, 0]);
    assert.equal(stamped?.latencyMicros.count, 10);
    const { p50 } = stamped.latencyMicros;
    // Its clock has no more than milliseconds; how late the message may be read is not for this test.
    assert.ok(p50 !== null && p50 >= (oldMillis - 1) * 1000 && p50 < 10 * oldMillis * 1000, `${p50}`);
  });

  test('pushes messages without the time that --stamp was to find is told so, and not as a success', async (context) => {
    const onText = (socket: Socket, message: string): void =>
      void socket.write(Buffer.concat([frame(text, message), frame(text, '{"t":1}')]));
    const { code, json, stderr } = await echoes(context, onText, '--stamp', 'json:t:unix-ms');
    assert.equal(code, 6);
    assert.equal(json.reason, '--stamp found a time of the last 35 minutes in none of 10 pushed messages');
    assert.match(stderr, /in none of 10 pushed messages\n {2}fix: see that .* the unit of --stamp are theirs\n$/);
  });

  test('sends nothing has no time of 0.00 ms in the result', async (context) => {
    const { port } = await answerServer(context);
    const args = words(`--connections 1 --hold 0 --stamp json:t:unix-ms --sources ${loopbackSource()}`);
    const { code, stdout, stderr } = await load('--url', plain(port), ...args);
    assert.equal(code, 6);
    assert.match(stderr, /^error: the server pushed no message that --stamp could time$/m);
    assert.match(stdout, /^generator {4}1 process, .*nothing was due$/m);
    assert.match(stdout, /^pushed {7}0 messages, 0 bytes: nothing was measured/m);
    assert.doesNotMatch(stdout, / 0\.00 ms/);
  });
});
