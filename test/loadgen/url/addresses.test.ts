import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { findReachable } from '../../../assets/loadgen/commands/url/reachable.ts';
import { summarize } from '../../../assets/loadgen/measure/summary.ts';
import { loopbackSource, startLoad } from '../held-load.ts';
import { startLabServer } from '../lab-server.ts';
import { answerServer, assertComplete, load } from './answer-server.ts';
import { until } from '../../until.ts';

function folderOf(context: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'c1m-headers-'));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const words = (line: string): readonly string[] => line.split(' ');
const one = ['--connections', '1', '--hold', '0', '--json'];

describe('where connections go, and with what', { concurrency: 3 }, () => {
  test('an IPv6 address is loaded, and its Host has brackets', async (context) => {
    const server = await answerServer(context, { host: '::1' });
    const { code, json, stderr } = await load('--url', `ws://[::1]:${server.port}/`, ...one);
    assert.deepEqual([code, json.open], [0, 1], stderr);
    assert.match(server.heads[0]!, new RegExp(`^Host: \\[::1\\]:${server.port}\r$`, 'm'));
  });

  test('every address is used in turn, whatever its family, and counted by itself', async (context) => {
    const server = await answerServer(context, { host: '::' });
    // A socket of any source meets every other on its local port, and the other tests' are from 20000 to 29999.
    const first = 10_000 + (process.pid % 100) * 100;
    const running = startLoad(context, [server.port], {
      connections: 10,
      otherAddresses: ['::1'],
      sources: ['0.0.0.0'],
      localPorts: { first, last: first + 99 },
    });
    await until('the ramp ends', () => running.rampEnded);
    const { addresses } = summarize(await running.collectRaws());
    assert.deepEqual(
      addresses.map(({ address, opened }) => [address, opened]),
      [
        ['127.0.0.1', 5],
        ['::1', 5],
      ],
    );
  });

  test('an address of a name that takes no connection is left out with its cause, unless none does', async (context) => {
    const { port } = await answerServer(context, { host: '127.0.0.1' });
    assert.deepEqual(await findReachable(['127.0.0.1', '::1'], port), {
      reachable: ['127.0.0.1'],
      leftOut: [{ address: '::1', why: 'ECONNREFUSED' }],
    });
    assert.deepEqual(await findReachable(['::1', '127.0.0.2'], port), {
      reachable: ['::1', '127.0.0.2'],
      leftOut: [],
    });
  });

  test('--header-file adds headers, and to each connection the next line of another file, round and round', async (context) => {
    const folder = folderOf(context, { headers: 'X-Same: 1\n\nCookie: @tokens\n', tokens: 'a=1\r\nb=22\n\nc=333' });
    const server = await answerServer(context);
    const { code, stderr } = await load(
      ...words(`--url ws://127.0.0.1:${server.port}/ --connections 4 --processes 2 --hold 0`),
      ...words(`--sources ${loopbackSource()} --header-file ${join(folder, 'headers')}`),
    );
    assert.equal(code, 0, stderr);
    const cookies = server.heads.map((head) => /^Cookie: (.*)\r\n\r\n$/m.exec(head)?.[1]);
    assert.deepEqual(
      cookies.toSorted((a = '', b = '') => a.localeCompare(b)),
      ['a=1', 'a=1', 'b=22', 'c=333'],
    );
    assert.ok(server.heads.every((head) => head.includes('\r\nX-Same: 1\r\n')));
  });

  const refused: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    ['without values', { headers: 'Cookie: @tokens', tokens: '\n' }, /has no value for Cookie: give one a line/],
    [
      'with a control character',
      { headers: 'Cookie: @tokens', tokens: 'a\n\nb\u0001' },
      /tokens has something on line 3/,
    ],
    ['with a line that is too long', { headers: `X: ${'x'.repeat(9000)}` }, /has a line longer than 8192 bytes/],
    ['with no header', { headers: 'X: 1\n\nnonsense' }, /line 3 of \S+headers must be 'Name: value'/],
  ];
  for (const [name, files, error] of refused) {
    test(`a header file ${name} is refused, and its values are not printed`, async (context) => {
      const file = join(folderOf(context, files), 'headers');
      const { code, stderr } = await load('--url', 'ws://127.0.0.1:9/', ...one, '--header-file', file);
      assert.equal(code, 2);
      assert.match(stderr, error);
    });
  }

  test('--hello is the first message of each connection, as it is', async (context) => {
    const server = await answerServer(context);
    const url = `ws://127.0.0.1:${server.port}/`;
    const { code, stderr } = await load(
      '--url',
      url,
      ...one,
      '--sources',
      loopbackSource(),
      '--hello',
      '{"join":"ä€"}',
    );
    assert.equal(code, 0, stderr);
    assert.deepEqual(server.texts, ['{"join":"ä€"}']);
  });

  test('--publish-url says where broadcasts are published', async (context) => {
    const server = await startLabServer(context, { path: '/room?a=b' });
    const at = (path: string): string => `ws://127.0.0.1:${server.port}${path}`;
    const args = ['--connections', '3', '--hold', '0', '--sources', loopbackSource(), '--broadcasts', '1'];
    const right = await load('--url', at('/room?a=b'), ...args, '--publish-url', at('/publish'));
    assertComplete(right);
    const wrong = await load('--url', at('/room?a=b'), ...args, '--publish-url', at('/nowhere?x=y'));
    assert.equal(wrong.code, 4);
    assert.match(wrong.stderr, /no connection to \/nowhere\?x=\.\.\. on port.*\n {2}fix: .* another --publish-url/);
  });
});
