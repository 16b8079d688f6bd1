import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { expandLabel, keyBlock } from '../../../assets/loadgen/tls/key-schedule.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

/** RFC 8448, section 3 (simple 1-RTT handshake): the application traffic secrets, and what is derived from them. */
const rfc8448 = [
  {
    secret: '9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5',
    key: '17422dda596ed5d9acd890e3c63f5051',
    iv: '5b78923dee08579033e523d9',
  },
  {
    secret: 'a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643',
    key: '9f02283b6c9c07efc26bb9f2ac92e356',
    iv: 'cf782b88dd83549aadf1e984',
  },
];

describe('the key schedule', () => {
  test('derives the keys and IVs of RFC 8448 from its traffic secrets', () => {
    for (const { secret, key, iv } of rfc8448) {
      assert.equal(expandLabel(32, hex(secret), 'key', 16).toString('hex'), key);
      assert.equal(expandLabel(32, hex(secret), 'iv', 12).toString('hex'), iv);
    }
  });

  test('derives the next secret over a hash of 32 and of 48 bytes, as HKDF-Expand-Label does', () => {
    for (const [bytes, algorithm] of [
      [32, 'sha256'],
      [48, 'sha384'],
    ] as const) {
      const secret = Buffer.alloc(bytes, 'secret');
      const label = Buffer.from('tls13 traffic upd');
      const info = Buffer.concat([Buffer.of(0, bytes, label.length), label, Buffer.of(0, 1)]);
      const wanted = createHmac(algorithm, secret).update(info).digest('hex');
      assert.equal(expandLabel(bytes, secret, 'traffic upd', bytes).toString('hex'), wanted);
    }
  });

  test('makes the key block of TLS 1.2 with the PRF of either hash', () => {
    for (const [bytes, algorithm] of [
      [32, 'sha256'],
      [48, 'sha384'],
    ] as const) {
      const master = Buffer.alloc(48, 'master');
      const randoms = Buffer.alloc(64, 'randoms');
      const seed = Buffer.concat([Buffer.from('key expansion'), randoms]);
      const mac = (...parts: Buffer[]): Buffer => createHmac(algorithm, master).update(Buffer.concat(parts)).digest();
      const [a1, a2, a3] = [mac(seed), mac(mac(seed)), mac(mac(mac(seed)))];
      const wanted = Buffer.concat([mac(a1, seed), mac(a2, seed), mac(a3, seed)]).subarray(0, 88);
      assert.equal(keyBlock(bytes, master, randoms, 88).toString('hex'), wanted.toString('hex'));
    }
  });
});
