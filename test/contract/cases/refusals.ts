import assert from 'node:assert/strict';
import type { CaseContext, ContractCase } from '../contract-case.ts';
import { closePayload, encodeFrame, opcodes, type FrameToSend } from '../frame.ts';

const mebibyte = 1024 * 1024;

/** Sends frames on a new connection of its own and expects a close with one of these codes, and then the end. */
async function expectRefusal(
  { open }: CaseContext,
  what: string,
  codes: readonly number[],
  frames: readonly FrameToSend[],
): Promise<void> {
  const client = await open();
  client.write(Buffer.concat(frames.map(encodeFrame)));
  const code = await client.closeCode();
  assert.ok(
    code !== null && codes.includes(code),
    `${what} must be refused with ${codes.join(' or ')}, got ${code ?? `an end without a close frame (${client.ending})`}`,
  );
  client.send({ opcode: opcodes.close, payload: closePayload(code) });
  client.half();
  await client.ended();
}

/** A case that refuses each of several bad openings of a connection. */
function refusal(
  name: string,
  promise: string,
  codes: readonly number[],
  attempts: Readonly<Record<string, readonly FrameToSend[]>>,
): ContractCase {
  return {
    name,
    promise,
    run: async (context) => {
      for (const [what, frames] of Object.entries(attempts)) await expectRefusal(context, what, codes, frames);
      // The server goes on serving others.
      const other = await context.open();
      other.sendText('others go on');
      assert.equal(await other.text(), 'others go on');
    },
  };
}

const text = (payload: string | Buffer, fin = true): FrameToSend => ({ opcode: opcodes.text, payload, fin });
const more = (payload: string | Buffer, fin = true): FrameToSend => ({ opcode: opcodes.continuation, payload, fin });

/** Openings of a connection that end it, of each kind that a server finds in another place. */
const violations: readonly (readonly FrameToSend[])[] = [
  [{ opcode: 3 }],
  [text('x', false), text('y')],
  [text(Buffer.from([0xff]))],
  [{ opcode: opcodes.binary, payload: Buffer.alloc(17 * mebibyte) }],
];

export const refusalCases: readonly ContractCase[] = [
  refusal('unmasked-refused', 'an unmasked frame is refused with 1002', [1002], {
    'unmasked text': [{ opcode: opcodes.text, payload: 'bare', masked: false }],
    'an unmasked ping': [{ opcode: opcodes.ping, payload: 'bare', masked: false }],
    'an unmasked empty frame': [{ opcode: opcodes.binary, masked: false }],
  }),
  refusal('reserved-bits-refused', 'a frame with a reserved bit is refused with 1002', [1002], {
    'text with RSV1': [{ ...text('x'), reserved: 4 }],
    'text with RSV2': [{ ...text('x'), reserved: 2 }],
    'text with RSV3': [{ ...text('x'), reserved: 1 }],
    'text with all three': [{ ...text('x'), reserved: 7 }],
    'a close with RSV2': [{ opcode: opcodes.close, payload: closePayload(1000), reserved: 2 }],
    'a ping with RSV1': [{ opcode: opcodes.ping, reserved: 4 }],
    'a continuation with RSV1': [text('x', false), { ...more('y'), reserved: 4 }],
  }),
  refusal('bad-opcode-refused', 'a frame of an opcode that is not defined is refused with 1002', [1002], {
    ...Object.fromEntries([3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [`opcode ${opcode}`, [{ opcode }]])),
    'opcode 3 with a payload': [{ opcode: 3, payload: 'x' }],
    'opcode 11 with a payload': [{ opcode: 11, payload: 'x' }],
    'opcode 4 in the midst of a message': [text('x', false), { opcode: 4 }],
  }),
  refusal('fragmented-control-refused', 'a control frame in fragments is refused with 1002', [1002], {
    'a fragmented ping': [{ opcode: opcodes.ping, payload: 'x', fin: false }],
    'a fragmented pong': [{ opcode: opcodes.pong, payload: 'x', fin: false }],
    'a fragmented close': [{ opcode: opcodes.close, payload: closePayload(1000), fin: false }],
  }),
  refusal('long-control-refused', 'a control frame of more than 125 B is refused with 1002', [1002], {
    'a ping of 126 B': [{ opcode: opcodes.ping, payload: Buffer.alloc(126) }],
    'a pong of 64 KiB': [{ opcode: opcodes.pong, payload: Buffer.alloc(65536) }],
    'a close of 126 B': [{ opcode: opcodes.close, payload: closePayload(1000, 'r'.repeat(124)) }],
  }),
  refusal('lone-continuation-refused', 'a continuation of nothing is refused with 1002', [1002], {
    'a lone continuation': [more('x')],
    'a continuation after a whole message': [text('x'), more('y')],
  }),
  refusal('interrupted-message-refused', 'a message begun within another is refused with 1002', [1002], {
    'text within text': [text('x', false), text('y')],
    'binary within text': [text('x', false), { opcode: opcodes.binary, payload: 'y' }],
  }),
  refusal('oversized-refused', 'a message over the limit, in one frame or in fragments, is refused with 1009', [1009], {
    'a frame of 17 MiB': [{ opcode: opcodes.binary, payload: Buffer.alloc(17 * mebibyte) }],
    'a message of 17 MiB in fragments': Array.from({ length: 17 }, (_, index) => ({
      opcode: index === 0 ? opcodes.binary : opcodes.continuation,
      payload: Buffer.alloc(mebibyte),
      fin: index === 16,
    })),
  }),
  refusal(
    'impossible-length-refused',
    'a frame whose length has its highest bit set is refused with 1002 or 1009',
    [1002, 1009],
    { 'a length of 2^63': [{ opcode: opcodes.binary, announcedLength: 1n << 63n }] },
  ),
  refusal('invalid-utf8-refused', 'text that is not UTF-8 is refused with 1007', [1007], {
    'a lone continuation byte': [text(Buffer.from([0x80]))],
    'an overlong slash': [text(Buffer.from([0xc0, 0xaf]))],
    'a surrogate': [text(Buffer.from([0xed, 0xa0, 0x80]))],
    'a character above U+10FFFF': [text(Buffer.from([0xf4, 0x90, 0x80, 0x80]))],
    'a character cut short': [text(Buffer.from('€').subarray(0, 2))],
    'a character cut short in fragments': [text(Buffer.from([0xe2]), false), more(Buffer.from([0x82]))],
    'bad bytes after 64 KiB of good ones': [text(Buffer.concat([Buffer.alloc(65536, 'a'), Buffer.from([0xff])]))],
  }),
  {
    name: 'nothing-after-violation',
    promise: 'what came before a violation is answered, then comes the close, and what came after it is not answered',
    run: async ({ open }) => {
      const client = await open();
      const frames = [text('before'), { opcode: 3 }, { opcode: opcodes.ping, payload: 'after' }, text('after')];
      client.write(Buffer.concat(frames.map(encodeFrame)));
      assert.equal(await client.text(), 'before');
      const frame = await client.frame();
      assert.equal(frame?.opcode, opcodes.close, `a close must come, not ${frame?.payload.toString() ?? 'the end'}`);
      client.half();
      assert.equal(await client.frame(), null);
    },
  },
  {
    name: 'nothing-sent-after-violation',
    promise: 'after its close for bad UTF-8 or a message within a message the server answers no ping that came behind',
    run: async ({ open }) => {
      for (const frames of violations) {
        const client = await open();
        client.write(Buffer.concat([...frames, { opcode: opcodes.ping, payload: 'after' }].map(encodeFrame)));
        const frame = await client.frame();
        assert.equal(frame?.opcode, opcodes.close, `a close must come, not ${frame?.payload.toString() ?? 'the end'}`);
        client.half();
        assert.equal(await client.frame(), null);
      }
    },
  },
  {
    name: 'nothing-published-after-violation',
    promise: 'what a publisher sends behind a violation reaches no member, and a member gets what others publish',
    run: async ({ open }) => {
      const member = await open();
      member.sendText('ready');
      assert.equal(await member.text(), 'ready');
      const other = await open('/publish');
      for (const frames of violations) {
        const publisher = await open('/publish');
        publisher.write(Buffer.concat([...frames, text('never')].map(encodeFrame)));
        const code = await publisher.closeCode();
        assert.ok(code !== null, `a close must come, and not only the end (${publisher.ending})`);
        publisher.half();
        await publisher.ended();
        other.sendText('next');
        assert.equal(await member.text(), 'next');
      }
    },
  },
  {
    name: 'wasteful-length',
    promise: 'a length in more bytes than it takes is refused with 1002 or understood, but never misread',
    run: async ({ open }) => {
      const lengths = { '16 bits': [126, 0, 2], '64 bits': [127, 0, 0, 0, 0, 0, 0, 0, 2] };
      for (const opcode of [opcodes.binary, opcodes.ping]) {
        for (const [what, [first = 0, ...rest]] of Object.entries(lengths)) {
          const client = await open();
          client.write(Buffer.from([0x80 | opcode, 0x80 | first, ...rest, 0, 0, 0, 0, 0x68, 0x69]));
          const frame = await client.frame();
          if (frame?.opcode === opcodes.close) assert.equal(frame.payload.readUInt16BE(0), 1002);
          else assert.equal(frame?.payload.toString(), 'hi', `2 B whose length is in ${what} were misread`);
          client.destroy();
        }
      }
    },
  },
];
