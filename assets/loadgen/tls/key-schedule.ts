import { allocate } from '../kernel/libc.ts';
import { hmac, sha256, sha384 } from './openssl.ts';

/** The hash of a cipher suite: its length in bytes says which. */
export type HashBytes = 32 | 48;

const digests: Readonly<Record<HashBytes, number>> = { 32: sha256(), 48: sha384() };
const longestHash = 48;
// PRF seeds: a label, two randoms of 32 bytes each, and the block before.
const longestMessage = 256;
const key = allocate(longestHash);
const message = allocate(longestMessage);
const result = allocate(longestHash);
const resultLength = allocate(4);

/** HMAC of `message` (its first `length` bytes) with a secret; what is returned is valid until the next call. */
function authenticate(hash: HashBytes, secret: Uint8Array, length: number): Buffer {
  key.bytes.set(secret);
  hmac(digests[hash], key.address, secret.length, message.address, length, result.address, resultLength.address);
  return result.bytes.subarray(0, hash);
}

/** The names under which TLS 1.3 derives something from a traffic secret. */
export type TrafficLabel = 'key' | 'iv' | 'traffic upd';

/**
 * HKDF-Expand-Label(secret, label, "", length) of RFC 8446, section 7.1, for lengths up to that of the hash: one block is all that
 * keys, IVs and the next secret need. What is returned is valid until the next call.
 */
export function expandLabel(hash: HashBytes, secret: Uint8Array, label: TrafficLabel, length: number): Buffer {
  const { bytes } = message;
  const name = `tls13 ${label}`;
  bytes.writeUInt16BE(length, 0);
  bytes[2] = name.length;
  bytes.write(name, 3, 'latin1');
  const end = 3 + name.length;
  // An empty context, and the number of the block.
  bytes[end] = 0;
  bytes[end + 1] = 1;
  return authenticate(hash, secret, end + 2).subarray(0, length);
}

/** The key block of TLS 1.2: PRF(master secret, "key expansion", server random + client random) of RFC 5246, section 6.3. */
export function keyBlock(hash: HashBytes, masterSecret: Uint8Array, randoms: Uint8Array, length: number): Buffer {
  const seed = Buffer.concat([Buffer.from('key expansion', 'latin1'), randoms]);
  const block = Buffer.alloc(Math.ceil(length / hash) * hash);
  let chain = seed;
  for (let at = 0; at < length; at += hash) {
    message.bytes.set(chain);
    chain = Buffer.from(authenticate(hash, masterSecret, chain.length));
    message.bytes.set(chain);
    message.bytes.set(seed, hash);
    block.set(authenticate(hash, masterSecret, hash + seed.length), at);
  }
  return block.subarray(0, length);
}
