import assert from 'node:assert/strict';
import type { ContractCase } from '../contract-case.ts';
import { encodeFrame, opcodes } from '../frame.ts';
import type { RawClient } from '../raw-client.ts';

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

export const echoCases: readonly ContractCase[] = [
  {
    name: 'echo-text',
    promise: 'text of 0 B to 1 MiB comes back unchanged, as text',
    run: async ({ open }) => {
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
    run: async ({ open }) => {
      const client = await open();
      for (const size of sizes) {
        const payload = binaryOf(size);
        client.send({ opcode: opcodes.binary, payload });
        await expectEcho(client, payload, true);
      }
    },
  },
  {
    name: 'echo-edges-of-utf8',
    promise:
      'the first and last characters of each length in UTF-8 come back, also with every byte in a fragment of its own',
    run: async ({ open }) => {
      const client = await open();
      const edges = [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfdd0, 0xffff, 0x10000, 0x10ffff];
      const payload = Buffer.from(String.fromCodePoint(...edges));
      client.send({ opcode: opcodes.text, payload });
      await expectEcho(client, payload, false);
      for (let at = 0; at < payload.length; at += 1) {
        const opcode = at === 0 ? opcodes.text : opcodes.continuation;
        client.send({ opcode, payload: payload.subarray(at, at + 1), fin: at === payload.length - 1 });
      }
      await expectEcho(client, payload, false);
    },
  },
  {
    name: 'echo-many-in-one-segment',
    promise: '2000 small messages sent at once come back, each once and in order',
    run: async ({ open }) => {
      const client = await open();
      const texts = Array.from({ length: 2000 }, (_, index) => `message ${index}`);
      client.write(Buffer.concat(texts.map((text) => encodeFrame({ opcode: opcodes.text, payload: text }))));
      for (const text of texts) assert.equal(await client.text(), text);
    },
  },
  {
    name: 'echo-byte-by-byte',
    promise: 'a message whose bytes arrive one at a time comes back',
    run: async ({ open }) => {
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
    promise: 'a message sent in fragments, some empty, one ending within a character, comes back whole',
    run: async ({ open }) => {
      const client = await open();
      const whole = Buffer.from('half of an € and then some');
      const parts = [whole.subarray(0, 0), whole.subarray(0, 13), whole.subarray(13, 13), whole.subarray(13)];
      for (const opcode of [opcodes.text, opcodes.binary]) {
        for (const [index, payload] of parts.entries()) {
          const fin = index === parts.length - 1;
          client.send({ opcode: index === 0 ? opcode : opcodes.continuation, payload, fin });
        }
        await expectEcho(client, whole, opcode === opcodes.binary);
      }
    },
  },
  {
    name: 'echo-many-fragments',
    promise: 'a message of 1 MiB in 1024 fragments comes back',
    run: async ({ open }) => {
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
    name: 'echo-of-crumbs',
    promise: 'messages of 20 000 empty fragments, and of 64 KiB in fragments of 1 B, come back',
    run: async ({ open }) => {
      const client = await open();
      for (const [size, count] of [
        [0, 20_000],
        [1, 65_536],
      ] as const) {
        const whole = binaryOf(size * count);
        const frames = Array.from({ length: count }, (_, index) =>
          encodeFrame({
            opcode: index === 0 ? opcodes.binary : opcodes.continuation,
            payload: whole.subarray(index * size, (index + 1) * size),
            fin: index === count - 1,
          }),
        );
        client.write(Buffer.concat(frames));
        await expectEcho(client, whole, true);
      }
    },
  },
  {
    name: 'control-frames-between-fragments',
    promise: 'a ping between two fragments is answered before the message, which comes back whole',
    run: async ({ open }) => {
      const client = await open();
      client.send({ opcode: opcodes.text, payload: 'before ', fin: false });
      client.send({ opcode: opcodes.ping, payload: 'between' });
      const pong = await client.frame();
      assert.equal(pong?.opcode, opcodes.pong);
      assert.equal(pong.payload.toString(), 'between');
      client.send({ opcode: opcodes.pong, payload: 'unasked' });
      client.send({ opcode: opcodes.continuation, payload: 'after' });
      await expectEcho(client, Buffer.from('before after'), false);
    },
  },
  {
    name: 'ping',
    promise: 'pings of 0 to 125 B are answered with the same bytes',
    run: async ({ open }) => {
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
    name: 'many-pings',
    promise: '1000 pings sent at once are all answered, in order',
    run: async ({ open }) => {
      const client = await open();
      const names = Array.from({ length: 1000 }, (_, index) => `ping ${index}`);
      client.write(Buffer.concat(names.map((payload) => encodeFrame({ opcode: opcodes.ping, payload }))));
      for (const name of names) {
        const pong = await client.frame();
        assert.deepEqual([pong?.opcode, pong?.payload.toString()], [opcodes.pong, name]);
      }
    },
  },
  {
    name: 'unasked-pong',
    promise: 'a pong that answers nothing is taken and not answered',
    run: async ({ open }) => {
      const client = await open();
      client.send({ opcode: opcodes.pong, payload: 'unasked' });
      client.sendText('still here');
      assert.equal(await client.text(), 'still here');
    },
  },
];
