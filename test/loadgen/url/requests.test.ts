import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Upgrades } from '../../../assets/loadgen/connections/upgrades.ts';
import { makeKeys } from '../../../assets/loadgen/websocket/keys.ts';
import { accepting, request, type Answer } from './answer-server.ts';

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
    assert.equal(json.open, 1);
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
    assert.doesNotMatch(json.url, /user|p%40ss/);
  });

  test('have the bytes of a header as they were given, whatever they mean', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'c1mlab-headers-'));
    context.after(async () => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, 'values'), 'grüß€\n');
    await writeFile(join(folder, 'headers'), 'X-File: ü€\nX-Own: @values\n');
    const words = ['--header', 'X-Word: ü€', '--origin', 'https://bücher.test'];
    const { heads } = await request(context, accepting(), plain, ...words, '--header-file', join(folder, 'headers'));
    const lines = Buffer.from(heads[0]!, 'latin1').toString().split('\r\n');
    for (const line of ['X-Word: ü€', 'Origin: https://bücher.test', 'X-File: ü€', 'X-Own: grüß€'])
      assert.ok(lines.includes(line), `${line} in ${lines.join(' | ')}`);
  });

  test('have a password as it is where its percent signs encode nothing', async (context) => {
    const { heads, json } = await request(context, accepting(), (port) => `ws://user:100%word@127.0.0.1:${port}/`);
    assert.equal(json.open, 1);
    const credentials = Buffer.from('user:100%word').toString('base64');
    assert.ok(heads[0]!.includes(`\r\nAuthorization: Basic ${credentials}\r\n`), heads[0]);
  });

  test('have no port in Host where the scheme implies it, and it otherwise', () => {
    const target = { address: '::1', ports: [443, 444], path: '/', defaultPort: 443 };
    const upgrades = new Upgrades(target, makeKeys(), 8, 0, 1);
    upgrades.begin(4);
    const hosts = [0, 1].map((port) => /^Host: (.*)\r$/m.exec(upgrades.request(4, port, 0).bytes.toString())?.[1]);
    assert.deepEqual(hosts, ['[::1]', '[::1]:444']);
  });

  test('have the Host that a header says instead of the URL’s', async (context) => {
    const { heads } = await request(context, accepting(), plain, '--header', 'Host: other.test');
    assert.deepEqual(heads[0]!.match(/^Host: .*$/gm), ['Host: other.test']);
  });

  const answers: readonly (readonly [string, Answer, string, RegExp])[] = [
    ['401', () => 'HTTP/1.1 401 No\r\n\r\n', 'http401', /user:password in --url/],
    ['404', () => 'HTTP/1.1 404 No\r\n\r\n', 'http404', /the path of --url/],
    ['a redirect', () => 'HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n', 'http302', /the URL that it redirects to/],
    ['an extension', accepting('Sec-WebSocket-Extensions: x'), 'unaskedExtension', /breaks RFC 6455/],
    ['a subprotocol', accepting('Sec-WebSocket-Protocol: x'), 'unaskedSubprotocol', /--subprotocol/],
  ];
  for (const [name, answer, cause, advice] of answers) {
    test(`that are answered with ${name} fail as ${cause}, after one attempt, with what helps`, async (context) => {
      const { json, stderr } = await request(context, answer, plain);
      assert.deepEqual(json.connectFailures, { [cause]: 1 });
      assert.match(/^ {2}fix: (.*)$/m.exec(stderr)?.[1] ?? '', advice);
    });
  }
});
