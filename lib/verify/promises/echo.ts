import assert from 'node:assert/strict';
import type { ServerPromise } from '../promise.ts';
import { encodeFrame, opcodes } from '../client/frame.ts';
import type { RawClient } from '../client/raw-client.ts';

const mebibyte = 1024 * 1024;
/** Both sides of every length at which a frame's header changes, and the longest message that all servers take. */
const sizes = [0, 1, 2, 125, 126, 127, 128, 65535, 65536, 65537, 1_000_000, mebibyte];

/** Text of so many bytes of UTF-8, with characters of one to four bytes. */
function textOf(bytes: number): string {
  const piece = 'aé€😀';
  const whole = piece.repeat(Math.floor(bytes / 10));
  return whole + '.'.repeat(bytes - Buffer.byteLength(whole));
}

function binaryOf(bytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => (index * 31 + (index >> 8)) & 255));
}

async function expectEcho(client: RawClient, payload: Buffer, binary: boolean): Promise<void> {
  const message = await client.message();
  assert.equal(message.binary, binary, `a message of ${payload.length} B came back as ${binary ? 'text' : 'binary'}`);
  assert.ok(
    message.payload.equals(payload),
    `a message of ${payload.length} B came back changed, with ${message.payload.length} B`,
  );
}

/** Sends text and binary cut at these places, and expects each back whole. */
async function expectWhole(client: RawClient, cuts: readonly number[]): Promise<void> {
  const whole = Buffer.from('half of an € and then some');
  const places = [0, ...cuts, whole.length];
  for (const opcode of [opcodes.text, opcodes.binary]) {
    for (const [index, from] of places.slice(0, -1).entries()) {
      const payload = whole.subarray(from, places[index + 1]);
      client.send({ opcode: index === 0 ? opcode : opcodes.continuation, payload, fin: index === places.length - 2 });
    }
    await expectEcho(client, whole, opcode === opcodes.binary);
  }
}

/** What a member sends comes back unchanged, and its pings are answered. */
export const echoPromises: readonly ServerPromise[] = [
  {
    name: 'echo-text',
    promise: 'text of 0 B to 1 MiB comes back unchanged, as text',
    check: async ({ open }) => {
      const client = await open();
      for (const size of sizes) {
        const payload = Buffer.from(textOf(size));
        client.send({ opcode: opcodes.text, payload });
        await expectEcho(client, payload, false);
      }
    },
  },
  {
    name: 'echo-binary',
    promise: 'binary messages of 0 B to 1 MiB come back unchanged, as binary',
    check: async ({ open }) => {
      const client = await open();
      for (const size of sizes) {
        const payload = binaryOf(size);
        client.send({ opcode: opcodes.binary, payload });
        await expectEcho(client, payload, true);
      }
    },
  },
  {
    name: 'echo-many-in-one-segment',
    promise: '2000 small messages sent at once come back, each once and in order',
    check: async ({ open }) => {
      const client = await open();
      const texts = Array.from({ length: 2000 }, (_, index) => `message ${index}`);
      client.write(Buffer.concat(texts.map((text) => encodeFrame({ opcode: opcodes.text, payload: text }))));
      for (const text of texts) assert.equal(await client.text(), text);
    },
  },
  {
    name: 'echo-byte-by-byte',
    promise: 'a message whose bytes arrive one at a time comes back',
    check: async ({ open }) => {
      const client = await open();
      const payload = Buffer.from(textOf(130));
      for (const byte of encodeFrame({ opcode: opcodes.text, payload })) {
        client.write(Buffer.from([byte]));
        // A turn of the event loop between two writes keeps the kernel from joining them.
        await new Promise((resolve) => setImmediate(resolve));
      }
      await expectEcho(client, payload, false);
    },
  },
  {
    name: 'echo-fragments',
    promise: 'a message sent in fragments, of which one ends within a character, comes back whole',
    check: async ({ open }) => expectWhole(await open(), [13, 20]),
  },
  {
    name: 'echo-empty-fragments',
    promise: 'a message of which some fragments are empty, the first as well, comes back whole',
    check: async ({ open }) => expectWhole(await open(), [0, 13, 13]),
  },
  {
    name: 'echo-many-fragments',
    promise: 'a message of 1 MiB in 1024 fragments comes back',
    check: async ({ open }) => {
      const client = await open();
      const whole = binaryOf(mebibyte);
      for (let at = 0; at < whole.length; at += 1024) {
        const opcode = at === 0 ? opcodes.binary : opcodes.continuation;
        client.send({ opcode, payload: whole.subarray(at, at + 1024), fin: at + 1024 === whole.length });
      }
      await expectEcho(client, whole, true);
    },
  },
  {
    name: 'ping',
    promise: 'pings of 0 to 125 B are answered with the same bytes',
    check: async ({ open }) => {
      const client = await open();
      for (const size of [0, 1, 124, 125]) {
        const payload = binaryOf(size);
        client.send({ opcode: opcodes.ping, payload });
        const pong = await client.frame();
        assert.equal(pong?.opcode, opcodes.pong, `a ping of ${size} B must be answered with a pong`);
        assert.ok(pong.payload.equals(payload), `the pong must hold the ping's ${size} B`);
        assert.ok(pong.fin);
      }
    },
  },
  {
    name: 'text-beside-pings',
    promise: 'a ping between two fragments is answered, and the message comes back whole',
    check: async ({ open }) => {
      const client = await open();
      client.send({ opcode: opcodes.text, payload: 'before ', fin: false });
      client.send({ opcode: opcodes.ping, payload: 'between' });
      const pong = await client.frame();
      assert.equal(pong?.opcode, opcodes.pong);
      assert.equal(pong.payload.toString(), 'between');
      client.send({ opcode: opcodes.continuation, payload: 'after' });
      await expectEcho(client, Buffer.from('before after'), false);
    },
  },
];
