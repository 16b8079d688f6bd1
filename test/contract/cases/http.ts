import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { CaseContext, ContractCase } from '../contract-case.ts';
import { encodeFrame, opcodes } from '../frame.ts';
import { upgradeRequest, type HttpAnswer } from '../raw-client.ts';

async function ask({ tcp }: CaseContext, request: string): Promise<HttpAnswer> {
  const client = await tcp();
  client.write(request);
  const answer = await client.httpAnswer();
  if (answer.status === 426) {
    const protocol = answer.headers.get('upgrade') ?? '';
    assert.equal(protocol.toLowerCase(), 'websocket', '426 must name the protocol (RFC 9110, section 15.5.22)');
  }
  return answer;
}

/** Expects each of several upgrades to be refused with a status of 400 to 499, or 505 (another version of HTTP). */
async function expectRefused(context: CaseContext, bad: Readonly<Record<string, string>>): Promise<void> {
  for (const [what, request] of Object.entries(bad)) {
    const { status } = await ask(context, request);
    assert.ok((status >= 400 && status < 500) || status === 505, `an upgrade ${what} must be refused, got ${status}`);
  }
}

export const httpCases: readonly ContractCase[] = [
  {
    name: 'no-upgrade',
    promise: 'a request without an upgrade is answered with 400 or 426 on both paths',
    run: async (context) => {
      for (const path of ['/', '/publish']) {
        const { status } = await ask(context, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
        assert.ok(status === 400 || status === 426, `GET ${path} must be answered with 400 or 426, got ${status}`);
      }
    },
  },
  {
    name: 'unknown-path',
    promise: 'any other path is answered with 404, with or without an upgrade',
    run: async (context) => {
      for (const path of ['/other', '/publish/', '/publish2']) {
        const plain = await ask(context, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
        assert.equal(plain.status, 404, `GET ${path}`);
        const upgrade = await ask(context, upgradeRequest(path));
        assert.equal(upgrade.status, 404, `an upgrade of ${path}`);
      }
    },
  },
  {
    name: 'bad-upgrade-refused',
    promise: 'an upgrade that lacks a header, is of another version or no GET is refused',
    run: async (context) => {
      await expectRefused(context, {
        'without a key': upgradeRequest('/', { 'Sec-WebSocket-Key': null }),
        ...Object.fromEntries(
          ['0', '7', '8', '12', '14', '013'].map((version) => [
            `of version ${version}`,
            upgradeRequest('/', { 'Sec-WebSocket-Version': version }),
          ]),
        ),
        'without a version': upgradeRequest('/', { 'Sec-WebSocket-Version': null }),
        'without the header Upgrade': upgradeRequest('/', { Upgrade: null }),
        'to another protocol': upgradeRequest('/', { Upgrade: 'h2c' }),
        'without the header Connection': upgradeRequest('/', { Connection: null }),
        'with Connection: close': upgradeRequest('/', { Connection: 'close' }),
        'by POST': upgradeRequest('/', { 'Content-Length': '0' }).replace('GET', 'POST'),
        'by HEAD': upgradeRequest('/').replace('GET', 'HEAD'),
      });
    },
  },
  {
    name: 'bad-key-refused',
    promise: 'an upgrade whose key is not 16 B in base64 is refused (RFC 6455, section 4.2.1)',
    run: async (context) => {
      const keys = ['', '!!!!', 'hello', Buffer.alloc(15).toString('base64'), Buffer.alloc(17).toString('base64')];
      await expectRefused(
        context,
        Object.fromEntries(
          [...keys, 'x'.repeat(1000)].map((key) => [
            `with the key '${key}'`,
            upgradeRequest('/', { 'Sec-WebSocket-Key': key }),
          ]),
        ),
      );
    },
  },
  {
    name: 'http-1-0-refused',
    promise: 'an upgrade in HTTP/1.0, which has none, is refused',
    run: async (context) =>
      expectRefused(context, {
        'in HTTP/1.0': upgradeRequest('/').replace('HTTP/1.1', 'HTTP/1.0'),
        'of /publish in HTTP/1.0': upgradeRequest('/publish').replace('HTTP/1.1', 'HTTP/1.0'),
      }),
  },
  {
    name: 'one-host-required',
    promise: 'an upgrade without the header Host, or with two, is refused (RFC 9112, section 3.2)',
    run: async (context) =>
      expectRefused(context, {
        'without Host': upgradeRequest('/', { Host: null }),
        'with two Hosts': upgradeRequest('/').replace('Host:', 'Host: 127.0.0.1\r\nHost:'),
      }),
  },
  {
    name: 'absolute-target',
    promise: 'an upgrade whose target is a whole URL is accepted (RFC 9112, section 3.2.2)',
    run: async (context) => {
      for (const path of ['/', '/publish', '/?x=1']) {
        const { status } = await ask(context, upgradeRequest(`http://127.0.0.1${path}`));
        assert.equal(status, 101, `an upgrade of http://127.0.0.1${path}`);
      }
    },
  },
  {
    name: 'version-told',
    promise: 'who asks for another version is told the one that is spoken (RFC 6455, section 4.2.2)',
    run: async (context) => {
      const { headers } = await ask(context, upgradeRequest('/', { 'Sec-WebSocket-Version': '12' }));
      const versions = headers.get('sec-websocket-version') ?? '';
      assert.ok(versions.split(/, */).includes('13'), `Sec-WebSocket-Version must name 13, got '${versions}'`);
    },
  },
  {
    name: 'upgrade-forms',
    promise: 'header names and tokens in any case, spaces or none, and a query after the path make no difference',
    run: async (context) => {
      const lower = upgradeRequest('/').replaceAll(/^[A-Z][\w-]+:/gim, (name) => name.toLowerCase());
      const forms = {
        'lower-case names': lower,
        'upper-case names': lower.replaceAll(/^[a-z][\w-]+:/gm, (name) => name.toUpperCase()),
        'upper-case tokens': upgradeRequest('/', { Upgrade: 'WEBSOCKET', Connection: 'UPGRADE' }),
        'no space after a colon': upgradeRequest('/').replaceAll(/: /g, ':'),
        'a query': upgradeRequest('/?x=1&y=%20'),
        'an empty query': upgradeRequest('/?'),
      };
      for (const [what, request] of Object.entries(forms)) {
        const client = await context.tcp();
        client.write(request);
        assert.equal((await client.httpAnswer()).status, 101, `an upgrade with ${what} must be accepted`);
        client.sendText(what);
        assert.equal(await client.text(), what);
        client.destroy();
      }
      const publisher = await context.open('/publish?x=1');
      publisher.sendText('hello?');
      // Of the members that have just gone, some may still be counted.
      assert.match(await publisher.text(), /^sent \d+ \d+ \d+$/);
    },
  },
  {
    name: 'connection-in-two-headers',
    promise: 'an upgrade whose Connection header is sent twice, with one token each, is accepted',
    run: async (context) => {
      const request = upgradeRequest('/').replace(
        'Connection: Upgrade',
        'Connection: keep-alive\r\nConnection: Upgrade',
      );
      assert.equal((await ask(context, request)).status, 101);
    },
  },
  {
    name: 'subprotocols-declined',
    promise: 'subprotocols that are offered are not agreed to: the contract has none',
    run: async (context) => {
      const answer = await ask(context, upgradeRequest('/', { 'Sec-WebSocket-Protocol': 'chat, superchat' }));
      assert.equal(answer.status, 101);
      assert.equal(answer.headers.get('sec-websocket-protocol'), undefined);
    },
  },
  {
    name: 'upgrade-as-browsers-send-it',
    promise: "a browser's upgrade (names in other case, several tokens, an origin, offered extensions) is accepted",
    run: async (context) => {
      const key = 'dGhlIHNhbXBsZSBub25jZQ==';
      const answer = await ask(
        context,
        upgradeRequest('/', {
          Upgrade: 'WebSocket',
          Connection: 'keep-alive, Upgrade',
          Origin: 'https://example.com',
          'User-Agent': `Mozilla/5.0 ${'x'.repeat(1000)}`,
          'Sec-WebSocket-Key': key,
          'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
        }),
      );
      assert.equal(answer.status, 101);
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      assert.equal(answer.headers.get('sec-websocket-accept'), accept);
      assert.equal(
        answer.headers.get('sec-websocket-extensions'),
        undefined,
        'compression must be declined: servers are compared without it',
      );
    },
  },
  {
    name: 'upgrade-byte-by-byte',
    promise: 'an upgrade whose bytes arrive one at a time is accepted',
    run: async ({ tcp }) => {
      const client = await tcp();
      for (const byte of Buffer.from(upgradeRequest('/'))) {
        client.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal((await client.httpAnswer()).status, 101);
      client.sendText('hello');
      assert.equal(await client.text(), 'hello');
    },
  },
  {
    name: 'message-right-behind-upgrade',
    promise: 'a message sent before the upgrade is answered, which no client may do, comes back or ends the connection',
    run: async ({ tcp }) => {
      const client = await tcp();
      const message = encodeFrame({ opcode: opcodes.text, payload: 'early' });
      client.write(Buffer.concat([Buffer.from(upgradeRequest('/')), message]));
      const answer = await client.httpAnswerOrEnd();
      if (answer?.status === 101) assert.equal(await client.text(), 'early');
      else await client.ended();
    },
  },
  {
    name: 'not-http',
    promise: 'bytes that are no HTTP end the connection and nothing else',
    run: async ({ tcp, open }) => {
      const client = await tcp();
      client.write('\x16\x03\x01 this is no HTTP\r\n\r\n');
      await client.ended();
      const other = await open();
      other.sendText('others go on');
      assert.equal(await other.text(), 'others go on');
    },
  },
];
