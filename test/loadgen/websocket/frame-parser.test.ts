import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { takeWholeMessages } from '../../../assets/loadgen/websocket/whole-messages.ts';
import { seededRandom } from '../seeded-random.ts';
import { frame, parse, Recorder, type Happening } from './recorder.ts';

const base64 = (value: Uint8Array | string): string => Buffer.from(value as Uint8Array).toString('base64');
const closeFrame = (code: number, reason: string): Buffer =>
  frame(0x88, Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from(reason)]));

/** Every kind of frame, and what it means. */
const kinds: readonly (readonly [string, Buffer, readonly Happening[]])[] = [
  ['a short text', frame(0x81, 'hello'), [['message', 1, base64('hello')]]],
  ['an empty text', frame(0x81, ''), [['message', 1, '']]],
  ['a short binary message', frame(0x82, Buffer.of(0, 255, 128)), [['message', 2, base64(Buffer.of(0, 255, 128))]]],
  ['a text of several bytes a character', frame(0x81, 'grüße 🐟'), [['message', 1, base64('grüße 🐟')]]],
  ['a length of 125', frame(0x82, Buffer.alloc(125, 7)), [['message', 2, base64(Buffer.alloc(125, 7))]]],
  ['a length of 126', frame(0x82, Buffer.alloc(126, 7)), [['message', 2, base64(Buffer.alloc(126, 7))]]],
  ['a text of 300 bytes', frame(0x81, 'ä'.repeat(150)), [['message', 1, base64('ä'.repeat(150))]]],
  [
    'a fragmented text with a ping and a pong inside',
    Buffer.concat([frame(0x01, 'hel'), frame(0x89, 'p'), frame(0x00, 'l'), frame(0x8a, ''), frame(0x80, 'o')]),
    [
      ['ping', base64('p')],
      ['pong', ''],
      ['message', 1, base64('hello')],
    ],
  ],
  [
    'a character cut by a fragment',
    Buffer.concat([frame(0x01, Buffer.of(0xc3)), frame(0x80, Buffer.of(0xa4))]),
    [['message', 1, base64('ä')]],
  ],
  ['fragments of no bytes', Buffer.concat([frame(0x02, ''), frame(0x00, ''), frame(0x80, '')]), [['message', 2, '']]],
  ['a ping of 125 bytes', frame(0x89, Buffer.alloc(125, 1)), [['ping', base64(Buffer.alloc(125, 1))]]],
  [
    'two messages and an empty ping',
    Buffer.concat([frame(0x81, '1'), frame(0x81, '2'), frame(0x89, '')]),
    [
      ['message', 1, base64('1')],
      ['message', 1, base64('2')],
      ['ping', ''],
    ],
  ],
  ['a close without a code', frame(0x88, ''), [['close', 1005, '']]],
  ['a close with code and reason', closeFrame(1001, 'going away'), [['close', 1001, base64('going away')]]],
];

describe('the frame parser', () => {
  for (const [name, bytes, happenings] of kinds) {
    test(`reads ${name}, cut at every byte and into single bytes`, () => {
      const whole = parse([bytes]);
      assert.deepEqual(whole.happenings, happenings);
      assert.equal(whole.violation, null);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        const cutInTwo = parse([bytes.subarray(0, cut), bytes.subarray(cut)]);
        assert.deepEqual(cutInTwo.happenings, happenings, `cut at ${cut}`);
        assert.equal(cutInTwo.violation, null);
        assert.equal(cutInTwo.idle, happenings.at(-1)?.[0] !== 'close', `idle after a cut at ${cut}`);
      }
      assert.deepEqual(parse([...bytes].map((byte) => Buffer.of(byte))).happenings, happenings);
    });
  }

  test('reads a message with a 64-bit length around every byte of its header', () => {
    const payload = Buffer.alloc(70_000, 3);
    const bytes = frame(0x82, payload);
    for (const cut of [...Array(15).keys(), 65_535, 65_536, bytes.length - 1]) {
      assert.deepEqual(parse([bytes.subarray(0, cut), bytes.subarray(cut)]).happenings, [
        ['message', 2, base64(payload)],
      ]);
    }
  });

  test('reads nothing after a close frame', () => {
    const result = parse([Buffer.concat([closeFrame(1000, ''), frame(0x81, 'more'), Buffer.of(0xff)])]);
    assert.deepEqual(result.happenings, [['close', 1000, '']]);
    assert.equal(result.violation, null);
  });

  const violations: readonly (readonly [string, Buffer, number])[] = [
    ['a masked frame', Buffer.of(0x81, 0x81, 1, 2, 3, 4, 5), 1002],
    ['the first reserved bit', Buffer.of(0xc1, 0x00), 1002],
    ['the third reserved bit of a ping', Buffer.of(0x99, 0x00), 1002],
    ['a reserved data opcode', Buffer.of(0x83, 0x00), 1002],
    ['a reserved control opcode', Buffer.of(0x8b, 0x00), 1002],
    ['a fragmented ping', Buffer.of(0x09, 0x00), 1002],
    ['a ping of 126 bytes', Buffer.of(0x89, 126, 0, 126), 1002],
    ['a continuation of nothing', Buffer.of(0x80, 0x00), 1002],
    ['a message inside a fragmented one', Buffer.concat([frame(0x01, 'a'), frame(0x81, 'b')]), 1002],
    ['125 as a 16-bit length', Buffer.of(0x82, 126, 0, 125), 1002],
    ['65535 as a 64-bit length', Buffer.of(0x82, 127, 0, 0, 0, 0, 0, 0, 255, 255), 1002],
    ['a length with the highest bit', Buffer.of(0x82, 127, 128, 0, 0, 0, 0, 0, 0, 0), 1002],
    ['a length over 2^53', Buffer.of(0x82, 127, 0, 64, 0, 0, 0, 0, 0, 0), 1009],
    ['a text that is no UTF-8', frame(0x81, Buffer.of(0x61, 0xff)), 1007],
    ['a long text that is no UTF-8', frame(0x81, Buffer.concat([Buffer.alloc(200, 97), Buffer.of(0xc0, 0x80)])), 1007],
    ['a text that ends inside a character', frame(0x81, Buffer.of(0xe2, 0x82)), 1007],
    [
      'a fragmented text that ends inside a character',
      Buffer.concat([frame(0x01, 'a'), frame(0x80, Buffer.of(0xc3))]),
      1007,
    ],
    ['half a close code', frame(0x88, Buffer.of(3)), 1002],
    ['close code 1005', closeFrame(1005, ''), 1002],
    ['close code 1006', closeFrame(1006, ''), 1002],
    ['close code 999', closeFrame(999, ''), 1002],
    ['close code 1016', closeFrame(1016, ''), 1002],
    ['close code 2999', closeFrame(2999, ''), 1002],
    ['a close reason that is no UTF-8', frame(0x88, Buffer.of(0x03, 0xe8, 0xff)), 1007],
  ];
  for (const [name, bytes, code] of violations) {
    test(`fails on ${name}, cut anywhere`, () => {
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        assert.equal(parse([bytes.subarray(0, cut), bytes.subarray(cut)]).violation?.code, code, `cut at ${cut}`);
      }
    });
  }

  for (const code of [1000, 1003, 1007, 1011, 1014, 3000, 4999]) {
    test(`takes close code ${code}`, () => {
      assert.deepEqual(parse([closeFrame(code, '')]).happenings, [['close', code, '']]);
    });
  }

  test('reads 300 random streams as they were written, cut at random', () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = seededRandom(seed);
      const chosen = Array.from({ length: 1 + random(12) }, () => kinds[random(kinds.length - 2)]!);
      const bytes = Buffer.concat(chosen.map(([, part]) => part));
      const pieces: Buffer[] = [];
      for (let at = 0; at < bytes.length;) {
        const length = 1 + random(random(3) === 0 ? 200 : 5);
        pieces.push(bytes.subarray(at, at + length));
        at += length;
      }
      const result = parse(pieces);
      assert.deepEqual(
        result.happenings,
        chosen.flatMap(([, , happenings]) => happenings),
        `seed ${seed}`,
      );
      assert.ok(result.idle, `seed ${seed}`);
    }
  });

  test('takes any 2 000 random streams without throwing, and cut in two as if whole', () => {
    for (let seed = 1; seed <= 2000; seed += 1) {
      const random = seededRandom(seed);
      const first = [0x81, 0x82, 0x01, 0x00, 0x80, 0x88, 0x89, random(256)];
      const bytes = Buffer.from(
        Array.from({ length: 1 + random(40) }, () => (random(3) === 0 ? first[random(first.length)]! : random(8))),
      );
      const cut = random(bytes.length + 1);
      const whole = parse([bytes]);
      const inTwo = parse([bytes.subarray(0, cut), bytes.subarray(cut)]);
      assert.deepEqual(inTwo, whole, `seed ${seed}`);
    }
  });
});

describe('the quick look at whole messages', () => {
  test('takes all whole messages and stops at the first byte of anything else', () => {
    const whole = Buffer.concat([frame(0x81, 'one'), frame(0x82, 'x'.repeat(300))]);
    for (const next of [
      Buffer.of(0x81),
      Buffer.of(0x81, 3, 97),
      frame(0x89, ''),
      frame(0x01, 'x'),
      frame(0x81, Buffer.alloc(126, 97)).subarray(0, 60),
      frame(0x81, Buffer.alloc(65_536, 97)),
    ]) {
      const sink = new Recorder();
      const bytes = Buffer.concat([whole, next]);
      assert.equal(takeWholeMessages(bytes, 0, bytes.length, sink), whole.length);
      assert.equal(sink.happenings.length, 2);
    }
  });
});
