import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDigits, writeDigits } from '../../../assets/loadgen/websocket/digits.ts';

test('whole numbers are written and read as JavaScript writes them', () => {
  const bytes = Buffer.alloc(32, 'x');
  for (const value of [
    0,
    7,
    9,
    10,
    99,
    100,
    101,
    123_456,
    2 ** 31,
    17_800_123_456,
    1_900_000_000_000_000,
    2 ** 53 - 1,
  ]) {
    const count = writeDigits(bytes, 3, value);
    assert.equal(bytes.toString('latin1', 3, 3 + count), `${value}`);
    assert.equal(bytes[3 + count], 0x78);
    assert.equal(readDigits(bytes, 3, 3 + count), value);
    bytes.fill('x');
  }
});

test('what is not all digits is no number', () => {
  for (const text of ['', ' 1', '1 ', '-1', '1.5', '1e3', 'x', '1/', '1:']) {
    assert.ok(Number.isNaN(readDigits(Buffer.from(text), 0, text.length)), text);
  }
});
