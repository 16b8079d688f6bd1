import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KeptBytes } from '../../../assets/loadgen/kernel/kept-bytes.ts';
import { seededRandom } from '../seeded-random.ts';

describe('unsent bytes', () => {
  test('come back in their order, however they are added and taken', () => {
    const random = seededRandom(7);
    const unsent = new KeptBytes();
    const expected = new Map<number, Buffer>();
    for (let n = 0; n < 5000; n += 1) {
      const fd = random(3);
      const kept = expected.get(fd) ?? Buffer.alloc(0);
      if (random(10) < 6) {
        const bytes = Buffer.alloc(1 + random(300), n % 251);
        assert.ok(unsent.append(fd, bytes));
        expected.set(fd, Buffer.concat([kept, bytes]));
      } else {
        const piece = unsent.first(fd, 1 + random(500));
        assert.deepEqual(piece, kept.subarray(0, piece.length));
        unsent.drop(fd, piece.length);
        expected.set(fd, kept.subarray(piece.length));
      }
      assert.equal(unsent.has(fd), expected.get(fd)!.length > 0);
    }
  });

  test('are bounded for a connection and for all, and what is dropped makes room', () => {
    const unsent = new KeptBytes();
    const most = Buffer.alloc(2 ** 21);
    assert.ok(unsent.append(0, most));
    assert.ok(!unsent.append(0, Buffer.of(1)), 'more than a connection may have');
    for (let fd = 1; fd < 32; fd += 1) assert.ok(unsent.append(fd, most));
    assert.ok(!unsent.append(64, Buffer.of(1)), 'more than all may have');
    unsent.forget(5);
    assert.ok(unsent.append(64, most));
    assert.equal(unsent.connections, 32);
  });
});
