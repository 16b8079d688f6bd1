import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { CaseContext, ContractCase } from '../contract-case.ts';
import { encodeFrame, opcodes } from '../frame.ts';
import { upgradeRequest, type HttpAnswer } from '../raw-client.ts';

async function ask({ tcp }: CaseContext, request: string): Promise<HttpAnswer> {
  const client = await tcp();
  client.write(request);
  return client.httpAnswer();
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
    promise: 'an upgrade without a key, or of another version, is refused with a status of 400 to 499',
    run: async (context) => {
      const bad = {
        'without a key': { 'Sec-WebSocket-Key': null },
        'of version 12': { 'Sec-WebSocket-Version': '12' },
        'without a version': { 'Sec-WebSocket-Version': null },
      };
      for (const [what, changes] of Object.entries(bad)) {
        const { status } = await ask(context, upgradeRequest('/', changes));
        assert.ok(status >= 400 && status < 500, `an upgrade ${what} must be refused, got ${status}`);
      }
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
