import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ResponseChecker, upgradeRequest } from '../../../assets/loadgen/websocket/handshake.ts';
import { acceptFor, makeKeys } from '../../../assets/loadgen/websocket/keys.ts';

const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const accept = acceptFor(key);
const good = [
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  `Sec-WebSocket-Accept: ${accept}`,
];

function check(lines: readonly string[], checker = new ResponseChecker(), expected = accept): unknown {
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  return checker.check(bytes, 0, bytes.length, Buffer.from(expected));
}

const without = (name: string): readonly string[] => good.filter((line) => !line.startsWith(name));

describe('the handshake', () => {
  test("computes the RFC's own example", () => {
    assert.equal(accept, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  });

  test('makes keys of 16 random bytes, no two alike, each with its answer', () => {
    const keys = makeKeys();
    assert.equal(new Set(keys.map((one) => one.key)).size, keys.length);
    for (const one of keys) {
      assert.equal(Buffer.from(one.key, 'base64').length, 16);
      assert.equal(one.accept, acceptFor(one.key));
    }
  });

  test('asks for the path on the host, with room for a key', () => {
    const request = upgradeRequest('example.org:8088', '/chat?room=1');
    assert.match(request.text, /^GET \/chat\?room=1 HTTP\/1\.1\r\nHost: example\.org:8088\r\n/);
    assert.match(request.text.slice(request.keyOffset), /^A{24}\r\n\r\n$/);
  });

  const accepted: readonly (readonly [string, readonly string[]])[] = [
    ['the usual answer', good],
    [
      'names and values in any case',
      good.map((line, n) => (n === 1 ? 'UPGRADE: WebSocket' : n === 2 ? 'connection: upgrade' : line)),
    ],
    [
      'more tokens in Connection',
      good.map((line) => line.replace('Connection: Upgrade', 'Connection: keep-alive, Upgrade')),
    ],
    [
      'blanks around values, and other headers',
      [...good.map((line) => line.replace(': ', ':  \t')), 'Date: now', 'Server: x'],
    ],
    ['no reason phrase', ['HTTP/1.1 101', ...good.slice(1)]],
    ['answers of 1xx before it', ['HTTP/1.1 100 Continue', '', 'HTTP/1.1 103 Early Hints', 'Link: </a>', '', ...good]],
  ];
  for (const [name, lines] of accepted) {
    test(`accepts ${name}`, () => {
      assert.equal(check(lines), `${lines.join('\r\n')}\r\n\r\n`.length);
    });
  }

  const refused: readonly (readonly [string, readonly string[]])[] = [
    ['status 200', ['HTTP/1.1 200 OK', ...good.slice(1)]],
    ['status 1011', ['HTTP/1.1 1011 X', ...good.slice(1)]],
    ['HTTP/1.0', ['HTTP/1.0 101 Switching Protocols', ...good.slice(1)]],
    ['no Upgrade', without('Upgrade')],
    ['another Upgrade', [...without('Upgrade'), 'Upgrade: h2c']],
    ['no Connection', without('Connection')],
    ['a Connection without the token', [...without('Connection'), 'Connection: upgrade-later']],
    ['no accept', without('Sec-WebSocket-Accept')],
    ['the accept of another key', [...without('Sec-WebSocket-Accept'), `Sec-WebSocket-Accept: ${acceptFor('x')}`]],
    ['an accept twice', [...good, good[3]!]],
    ['an extension', [...good, 'Sec-WebSocket-Extensions: permessage-deflate']],
    ['a subprotocol', [...good, 'Sec-WebSocket-Protocol: chat']],
    ['a line that is no header', [...good, 'nonsense']],
    ['lines without carriage returns', [`${good.join('\n')}\n\n`]],
  ];
  for (const [name, lines] of refused) {
    test(`fails on ${name}, also after a good answer`, () => {
      assert.equal(typeof (check(lines) as { reason?: string }).reason, 'string');
      const checker = new ResponseChecker();
      check(good, checker);
      assert.equal(typeof (check(lines, checker) as { reason?: string }).reason, 'string');
    });
  }

  test('calls two subprotocols what they are, though both were offered', () => {
    const checker = new ResponseChecker(['chat', 'superchat']);
    const chosen = ['Sec-WebSocket-Protocol: chat', 'Sec-WebSocket-Protocol: superchat'];
    assert.equal(typeof check([...good, chosen[0]!], checker), 'number');
    const { cause, reason } = check([...good, ...chosen], checker) as Record<string, string>;
    assert.deepEqual([cause, reason], ['badHandshake', "it chooses more than one subprotocol: 'chat, superchat'"]);
  });

  test('compares each answer with its own key, whatever it has learned', () => {
    const checker = new ResponseChecker();
    const other = acceptFor('other');
    const answer = (value: string): readonly string[] => [...good.slice(0, 3), `Sec-WebSocket-Accept: ${value}`];
    assert.equal(typeof check(answer(accept), checker, accept), 'number');
    assert.equal(typeof check(answer(other), checker, other), 'number');
    assert.equal(typeof check(answer(accept), checker, other), 'object');
    assert.equal(typeof check(answer(other), checker, accept), 'object');
  });

  test('waits for an answer that is cut at any byte, and says where frames begin', () => {
    const bytes = Buffer.from(`${good.join('\r\n')}\r\n\r\nframes`);
    const end = bytes.length - 'frames'.length;
    for (const learned of [false, true]) {
      const checker = new ResponseChecker();
      if (learned) check(good, checker);
      for (let cut = 1; cut < end; cut += 1) {
        assert.equal(checker.check(bytes, 0, cut, Buffer.from(accept)), 'partial', `cut at ${cut}`);
      }
      assert.equal(checker.check(bytes, 0, bytes.length, Buffer.from(accept)), end);
    }
  });

  test('knows why it was refused in HTTP/1.0, wherever that is cut, and after other answers', () => {
    for (const before of ['', 'HTTP/1.1 103 Early Hints\r\n\r\n']) {
      const bytes = Buffer.from(`${before}HTTP/1.0 401 No\r\nContent-Length: 0\r\n\r\n`);
      const checker = new ResponseChecker();
      for (let cut = 1; cut < bytes.length; cut += 1) {
        assert.equal(checker.check(bytes, 0, cut, Buffer.from(accept)), 'partial', `cut at ${cut}`);
      }
      const whole = checker.check(bytes, 0, bytes.length, Buffer.from(accept));
      assert.ok(typeof whole === 'object' && whole.cause === 'http401', JSON.stringify(whole));
    }
  });

  test('fails at once on what is no HTTP, and on headers without an end', () => {
    const checker = new ResponseChecker();
    const noHttp = Buffer.from('SSH-2.0');
    assert.equal(typeof checker.check(noHttp, 0, noHttp.length, Buffer.from(accept)), 'object');
    for (const endless of [`HTTP/1.1 101 X\r\n${'a: b\r\n'.repeat(4000)}`, 'HTTP/1.1 100 X\r\n\r\n'.repeat(1000)]) {
      const bytes = Buffer.from(endless);
      assert.equal(typeof checker.check(bytes, 0, bytes.length, Buffer.from(accept)), 'object');
    }
  });
});
