import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { Deflater } from '../../../assets/loadgen/deflate/deflater.ts';
import { Inflater } from '../../../assets/loadgen/deflate/inflater.ts';
import { allocate } from '../../../assets/loadgen/kernel/libc.ts';
import { seededRandom } from '../seeded-random.ts';
import { frame, parse, type Happening } from '../websocket/recorder.ts';

const mebibyte = 2 ** 20;
const base64 = (value: Uint8Array | string): string => Buffer.from(value as Uint8Array).toString('base64');
const texts = (...messages: readonly (Uint8Array | string)[]): readonly Happening[] =>
  messages.map((message) => ['message', 1, base64(message)]);

/** A message as RFC 7692 compresses it: without the last four bytes. */
function compress(message: Uint8Array | string): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** Frames of a compressed text, cut into so many. */
function fragments(payload: Buffer, count: number): Buffer {
  const step = Math.ceil(payload.length / count);
  const parts = Array.from({ length: count }, (_, n) =>
    frame((n === 0 ? 0x41 : 0) | (n === count - 1 ? 0x80 : 0), payload.subarray(n * step, (n + 1) * step)),
  );
  return Buffer.concat(parts);
}

/** Bytes that no compression makes shorter. */
function noise(bytes: number): Buffer {
  const random = seededRandom(3);
  return Buffer.from(Uint8Array.from({ length: bytes }, () => random(256)));
}

const long = 'a text that is long. '.repeat(20_000);
const hello = Buffer.from([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);

describe('compressed messages', () => {
  const read: readonly (readonly [string, Buffer, readonly Happening[]])[] = [
    // The examples of RFC 7692, section 7.2.3.
    ['one frame', frame(0xc1, hello), texts('Hello')],
    [
      'two fragments',
      Buffer.concat([frame(0x41, hello.subarray(0, 3)), frame(0x80, hello.subarray(3))]),
      texts('Hello'),
    ],
    ['a block that is not compressed', frame(0xc1, Buffer.from('000500faff48656c6c6f00', 'hex')), texts('Hello')],
    ['a block that says it is the last', frame(0xc1, Buffer.from('f348cdc9c9070000', 'hex')), texts('Hello')],
    ['two blocks', frame(0xc1, Buffer.from('f248050000 00ffffcac9c90700'.replace(' ', ''), 'hex')), texts('Hello')],
    ['an empty message', frame(0xc1, Buffer.of(0)), texts('')],
    ['an empty message of no byte', frame(0xc1, ''), texts('')],
    [
      'a message after a last block',
      frame(0xc1, Buffer.from('f348cdc9c90700f248cdc9c90700', 'hex')),
      texts('HelloHello'),
    ],
    [
      'plain ones between',
      Buffer.concat([frame(0x81, '1'), frame(0xc1, hello), frame(0x81, '2')]),
      texts('1', 'Hello', '2'),
    ],
    ['a character cut by a fragment', fragments(compress('grüße 🐟'), 8), texts('grüße 🐟')],
    [
      'fragments of no bytes',
      Buffer.concat([frame(0x41, ''), frame(0, hello), frame(0, ''), frame(0x80, '')]),
      texts('Hello'),
    ],
    [
      'a ping within',
      Buffer.concat([frame(0x41, hello.subarray(0, 2)), frame(0x89, 'p'), frame(0x80, hello.subarray(2))]),
      [['ping', base64('p')], ...texts('Hello')],
    ],
    ['a binary message', frame(0xc2, compress(Buffer.of(0, 255))), [['message', 2, base64(Buffer.of(0, 255))]]],
  ];
  for (const [name, bytes, happenings] of read) {
    test(`are read: ${name}, cut anywhere`, () => {
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        const inflater = new Inflater();
        const result = parse([bytes.subarray(0, cut), bytes.subarray(cut)], inflater);
        assert.deepEqual(result, { happenings, violation: null, idle: true }, `cut at ${cut}`);
      }
    });
  }

  for (const size of [65_535, 65_536, 65_537, 131_072, mebibyte]) {
    test(`are read: ${size} bytes, long and short ones compressed, at once and in fragments`, () => {
      const messages = [Buffer.from(long.slice(0, size)), Buffer.alloc(size, 'a')];
      for (const message of messages) {
        for (const count of [1, 7]) {
          const { happenings, violation } = parse([fragments(compress(message), count)], new Inflater());
          assert.equal(violation, null);
          assert.deepEqual(happenings, texts(message), `in ${count}`);
        }
      }
      const binary = noise(size);
      const { happenings } = parse([frame(0xc2, compress(binary))], new Inflater());
      assert.deepEqual(happenings, [['message', 2, base64(binary)]]);
    });
  }

  test('are counted on the wire and inflated, with the time that it took', () => {
    const inflater = new Inflater();
    const payloads = [compress(long), compress('short'), compress('')];
    parse(
      payloads.map((payload) => frame(0xc1, payload)),
      inflater,
    );
    const { micros, ...counts } = inflater.raw();
    const wireBytes = payloads.reduce((sum, { length }) => sum + length, 0);
    assert.deepEqual(counts, { messages: 3, wireBytes, bytes: long.length + 5 });
    assert.ok(micros > 0);
  });

  const bad: readonly (readonly [string, Buffer, number, string | undefined])[] = [
    ['garbage', frame(0xc1, Buffer.of(0xff, 0xff, 0xff)), 1007, 'deflateData'],
    ['data that ends early', frame(0xc1, hello.subarray(0, 4)), 1007, 'deflateData'],
    ['a block that is cut off', frame(0xc1, Buffer.from('000500faff4865', 'hex')), 1007, 'deflateData'],
    [
      'a reference to an earlier message',
      Buffer.concat([frame(0xc1, hello), frame(0xc1, Buffer.of(0xf2, 0, 0x11, 0, 0))]),
      1007,
      'deflateData',
    ],
    ['a text that is no UTF-8', frame(0xc1, compress(Buffer.of(0xff))), 1007, undefined],
    ['a long text that is no UTF-8', frame(0xc1, compress(Buffer.from(`${long}\xff`, 'latin1'))), 1007, undefined],
    ['a text that ends within a character', fragments(compress(Buffer.of(0x61, 0xc3)), 2), 1007, undefined],
    ['a compressed ping', frame(0xc9, ''), 1002, undefined],
    ['a compressed close frame', frame(0xc8, ''), 1002, undefined],
    ['a continuation that is compressed', Buffer.concat([frame(0x41, hello), frame(0xc0, '')]), 1002, undefined],
    ['another reserved bit', frame(0xe1, hello), 1002, undefined],
  ];
  for (const [name, bytes, code, cause] of bad) {
    test(`end the connection: ${name}, cut anywhere`, () => {
      const step = Math.max(1, Math.floor(bytes.length / 50));
      for (let cut = 0; cut <= bytes.length; cut += step) {
        const { violation } = parse([bytes.subarray(0, cut), bytes.subarray(cut)], new Inflater());
        assert.deepEqual([violation?.code, violation?.cause], [code, cause], `cut at ${cut}`);
      }
    });
  }

  test('end the connection where none were agreed on', () => {
    assert.equal(parse([frame(0xc1, hello)]).violation?.code, 1002);
  });

  test('of 16 MiB are read, and one byte more is too long', () => {
    const longest = 16 * mebibyte;
    const { happenings } = parse([frame(0xc2, compress(Buffer.alloc(longest)))], new Inflater());
    assert.equal(happenings.length, 1);
    const { violation } = parse([frame(0xc2, compress(Buffer.alloc(longest + 1)))], new Inflater());
    assert.deepEqual([violation?.code, violation?.cause], [1009, 'deflateTooLong']);
  });

  test('that never end keep 2 MiB a connection and 64 MiB in all at most, which the next ones may have', () => {
    const inflater = new Inflater();
    const most = Buffer.alloc(2 * mebibyte);
    for (let fd = 0; fd < 32; fd += 1) assert.equal(inflater.keep(fd, most, 0, most.length), null);
    assert.equal(inflater.keep(0, most, 0, 1)?.cause, 'deflateTooLong');
    assert.equal(inflater.keep(32, most, 0, 1)?.cause, 'deflateTooLong');
    inflater.forget(3);
    assert.equal(inflater.keep(32, most, 0, most.length), null);
  });

  test('of 2 000 random payloads never throw, and end the same cut in two as whole', () => {
    for (let seed = 1; seed <= 2000; seed += 1) {
      const random = seededRandom(seed);
      const payload = compress('some text, some text, some more text');
      for (let n = random(4); n > 0; n -= 1) payload[random(payload.length)] = random(256);
      const bytes = Buffer.concat([frame(0xc2, payload), frame(0x82, 'next')]);
      const cut = random(bytes.length + 1);
      const inflater = new Inflater();
      const inTwo = parse([bytes.subarray(0, cut), bytes.subarray(cut)], inflater);
      assert.deepEqual(inTwo, parse([bytes], new Inflater()), `seed ${seed}`);
    }
  });
});

describe('the deflater', () => {
  function deflate(deflater: Deflater, message: Buffer): Buffer {
    const memory = allocate(message.length + 6);
    memory.bytes.set(message, 6);
    return Buffer.from(deflater.deflate(memory, 6, message.length));
  }
  const inflate = (payload: Buffer): Buffer =>
    inflateRawSync(Buffer.concat([payload, Buffer.of(0, 0, 0xff, 0xff)]), { finishFlush: constants.Z_SYNC_FLUSH });

  test('makes of any message what inflates to it, with nothing of earlier ones', () => {
    const deflater = new Deflater();
    for (const message of ['', 'a', 'hello', 'hello', long].map((text) => Buffer.from(text))) {
      assert.deepEqual(inflate(deflate(deflater, message)), message);
    }
    for (const size of [1, 100, 5000, 65_536, mebibyte]) {
      assert.deepEqual(inflate(deflate(deflater, noise(size))), noise(size));
    }
  });

  test('makes an empty message one byte, as RFC 7692 does', () => {
    assert.deepEqual(deflate(new Deflater(), Buffer.alloc(0)), Buffer.of(0));
  });

  test('takes no time for the same message again, and counts it', () => {
    const deflater = new Deflater();
    const message = noise(100_000);
    const payload = deflate(deflater, message);
    const { micros } = deflater.raw();
    for (let n = 0; n < 9; n += 1) assert.deepEqual(deflate(deflater, message), payload);
    assert.deepEqual(deflater.raw(), { messages: 10, wireBytes: 10 * payload.length, bytes: 1_000_000, micros });
  });
});
