import assert from 'node:assert/strict';
import { createDecipheriv } from 'node:crypto';
import { describe, test } from 'node:test';
import { allocate } from '../../../assets/loadgen/kernel/libc.ts';
import {
  ciphers,
  headerBytes,
  longestRecord,
  RecordProtection,
} from '../../../assets/loadgen/tls/record-protection.ts';

const fd = 3;
const key = Buffer.alloc(16, 'key');
const iv = Buffer.alloc(12, 'initial-iv');
const cipher = [...ciphers.values()].find(({ name }) => name === 'AES-128-GCM')!;

describe('the protection of records', () => {
  test('numbers records with 64 bits', () => {
    const protection = new RecordProtection({ version: 'TLSv1.3', cipher, hash: 32 }, 8);
    const first = 2 ** 32 - 1;
    protection.setKeys(fd, 'sent', key, iv, first);
    const target = allocate(longestRecord);
    for (let n = 0; n < 3; n += 1) {
      assert.equal(protection.sequence(fd, 'sent'), first + n);
      const end = protection.seal(fd, 23, Buffer.from('content'), 0, 7, target, 0);
      const record = target.bytes.subarray(0, end);
      const nonce = Buffer.from(iv);
      nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) ^ BigInt(first + n), 4);
      const decipher = createDecipheriv('aes-128-gcm', key, nonce).setAAD(record.subarray(0, headerBytes));
      decipher.setAuthTag(record.subarray(-16));
      const inner = Buffer.concat([decipher.update(record.subarray(headerBytes, -16)), decipher.final()]);
      assert.deepEqual(inner, Buffer.from('content\u0017'));
    }
  });

  test('opens with the keys of the connection that sealed, of either version, and with no others', () => {
    for (const each of ciphers.values()) {
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const sealing = new RecordProtection({ version, cipher: each, hash: 32 }, 8);
        const opening = new RecordProtection({ version, cipher: each, hash: 32 }, 8);
        const [keyBytes, ivBytes] = [each.keyBytes, each.fixedIvBytes[version]];
        sealing.setKeys(fd, 'sent', Buffer.alloc(keyBytes, 1), Buffer.alloc(ivBytes, 2), 1);
        opening.setKeys(fd, 'received', Buffer.alloc(keyBytes, 1), Buffer.alloc(ivBytes, 2), 1);
        opening.setKeys(fd + 1, 'received', Buffer.alloc(keyBytes, 3), Buffer.alloc(ivBytes, 2), 1);
        const record = allocate(longestRecord);
        for (const length of [0, 1, 16_384]) {
          const content = Buffer.alloc(length, 'content');
          const end = sealing.seal(fd, 23, content, 0, length, record, 0);
          const copy = allocate(longestRecord);
          copy.bytes.set(record.bytes);
          assert.equal(opening.open(fd + 1, copy, end - headerBytes), -1);
          const got = opening.open(fd, record, end - headerBytes);
          assert.equal(got, version === 'TLSv1.3' ? length + 1 : length);
          const at = opening.plaintextAt;
          assert.ok(record.bytes.subarray(at, at + length).equals(content));
        }
      }
    }
  });
});
