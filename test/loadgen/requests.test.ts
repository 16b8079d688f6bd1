import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { acceptFor } from '../../assets/loadgen/websocket/keys.ts';
import { loopbackSource } from './held-load.ts';

const main = new URL('../../assets/loadgen/main.ts', import.meta.url).pathname;

/** Runs the load generator with one connection against a server that gives `answer`; what it was asked, and what was printed. */
async function request(
  context: TestContext,
  answer: (accept: string) => string,
  url: (port: number) => string,
  ...args: readonly string[]
): Promise<{ readonly heads: readonly string[]; readonly json: Record<string, unknown> }> {
  const heads: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (data) => {
      heads.push(data.toString('latin1'));
      const key = /^Sec-WebSocket-Key: (.*)\r$/m.exec(heads.at(-1)!)?.[1] ?? '';
      socket.write(answer(acceptFor(key)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const all = [main, '--url', url(port), '--connections', '1', '--hold', '0', '--json', '--sources', loopbackSource()];
  const stdout = await new Promise<string>((resolve) => {
    execFile(process.execPath, [...all, ...args], (_error, text) => resolve(text));
  });
  return { heads, json: JSON.parse(stdout) as Record<string, unknown> };
}

function accepting(...more: readonly string[]): (accept: string) => string {
  return (accept) => {
    const lines = ['HTTP/1.1 101 Hi', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
    return `${[...lines, ...more].join('\r\n')}\r\n\r\n`;
  };
}

const plain = (port: number): string => `ws://127.0.0.1:${port}/a?b=c`;

describe('upgrade requests', { concurrency: 3 }, () => {
  test('have the headers, origin, subprotocols and credentials that were asked for, and print no password', async (context) => {
    const { heads, json } = await request(
      context,
      accepting('Sec-WebSocket-Protocol: chat'),
      (port) => `ws://user:p%40ss@127.0.0.1:${port}/a?b=c`,
      '--header',
      'X-Token: a: b',
      '--header',
      'Cookie: c=d',
      '--origin',
      'https://example.org',
      '--subprotocol',
      'chat,superchat',
    );
    assert.equal(json['open'], 1);
    const lines = heads[0]!.split('\r\n');
    assert.equal(lines[0], 'GET /a?b=c HTTP/1.1');
    for (const line of [
      'X-Token: a: b',
      'Cookie: c=d',
      'Origin: https://example.org',
      'Sec-WebSocket-Protocol: chat, superchat',
      `Authorization: Basic ${Buffer.from('user:p@ss').toString('base64')}`,
    ]) {
      assert.ok(lines.includes(line), line);
    }
    assert.doesNotMatch(String(json['url']), /user|p%40ss/);
  });

  test('have the Host that a header says instead of the URL’s', async (context) => {
    const { heads } = await request(context, accepting(), plain, '--header', 'Host: other.test');
    assert.deepEqual(heads[0]!.match(/^Host: .*$/gm), ['Host: other.test']);
  });

  const answers: readonly (readonly [string, (accept: string) => string, string, number])[] = [
    ['401', () => 'HTTP/1.1 401 No\r\n\r\n', 'http401', 1],
    ['404', () => 'HTTP/1.1 404 No\r\n\r\n', 'http404', 1],
    ['a redirect', () => 'HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n', 'http302', 3],
    ['an extension', accepting('Sec-WebSocket-Extensions: x'), 'unaskedExtension', 1],
    ['a subprotocol', accepting('Sec-WebSocket-Protocol: x'), 'unaskedSubprotocol', 1],
  ];
  for (const [name, answer, cause, attempts] of answers) {
    test(`that are answered with ${name} fail as ${cause}, after ${attempts} attempt(s)`, async (context) => {
      const { json } = await request(context, answer, plain);
      assert.deepEqual(json['connectFailures'], { [cause]: attempts });
    });
  }
});
