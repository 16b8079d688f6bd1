import { allocate, type Memory } from '../kernel/libc.ts';
import { expandLabel, type HashBytes } from './key-schedule.ts';
import {
  aes128Gcm,
  aes256Gcm,
  beginOpen,
  beginSeal,
  chacha20Poly1305,
  cipherControl,
  endOpen,
  endSeal,
  newCipherContext,
  openMore,
  sealMore,
} from './openssl.ts';

/** Of a record: its type, the version, and the length of what follows. */
export const headerBytes = 5;
/** The most plaintext that a record may carry (RFC 8446, section 5.1). */
export const longestPlaintext = 16384;
/** The most that a record may be: TLS 1.2 allows 2 048 bytes more than the plaintext, TLS 1.3 256. */
export const longestRecord = headerBytes + longestPlaintext + 2048;

/** Which of a connection's two sets of keys. */
export type Direction = 'sent' | 'received';

/** What a cipher suite protects records with. */
export interface Cipher {
  readonly name: 'AES-128-GCM' | 'AES-256-GCM' | 'CHACHA20-POLY1305';
  readonly keyBytes: 16 | 32;
  /** Of an IV, those that the handshake gives; in TLS 1.2 the rest comes with each record. */
  readonly fixedIvBytes: { readonly 'TLSv1.2': 4 | 12; readonly 'TLSv1.3': 12 };
  readonly evp: number;
}

/** By OpenSSL's number (NID, obj_mac.h). */
export const ciphers: ReadonlyMap<number, Cipher> = new Map<number, Cipher>([
  [895, { name: 'AES-128-GCM', keyBytes: 16, fixedIvBytes: { 'TLSv1.2': 4, 'TLSv1.3': 12 }, evp: aes128Gcm() }],
  [901, { name: 'AES-256-GCM', keyBytes: 32, fixedIvBytes: { 'TLSv1.2': 4, 'TLSv1.3': 12 }, evp: aes256Gcm() }],
  [
    1018,
    {
      name: 'CHACHA20-POLY1305',
      keyBytes: 32,
      fixedIvBytes: { 'TLSv1.2': 12, 'TLSv1.3': 12 },
      evp: chacha20Poly1305(),
    },
  ],
]);

/** How the connections of one kind protect records. */
export interface Protocol {
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  readonly cipher: Cipher;
  readonly hash: HashBytes;
}

const tagBytes = 16;
const ivBytes = 12;
const explicitIvBytes = 8;
const getTag = 0x10;
const setTag = 0x11;
const word = 2 ** 32;

// Of one direction: the sequence number's lower and upper half, the IV, the key, the secret that the next ones come from.
const ivAt = 8;
const keyAt = ivAt + ivBytes;

const nonce = allocate(ivBytes);
const additional = allocate(13);
const length = allocate(4);

/**
 * The keys of connections, and the records that these protect, for all connections of one {@link Protocol}: 136 bytes a connection
 * for AES-128 in TLS 1.3 in one array indexed by descriptor, and one cipher context for all, which takes each record's key.
 */
export class RecordProtection {
  readonly protocol: Protocol;
  /** Where in a record the plaintext is, once it is opened. */
  readonly plaintextAt: number;
  readonly #explicitIv: boolean;
  readonly #directionBytes: number;
  readonly #keys: Memory;
  readonly #words: Uint32Array;
  readonly #sealing = newCipherContext();
  readonly #opening = newCipherContext();

  /** For descriptors below `size`. */
  constructor(protocol: Protocol, size: number) {
    this.protocol = protocol;
    const { version, cipher, hash } = protocol;
    this.#explicitIv = cipher.fixedIvBytes[version] < ivBytes;
    this.plaintextAt = headerBytes + (this.#explicitIv ? explicitIvBytes : 0);
    this.#directionBytes = keyAt + cipher.keyBytes + (version === 'TLSv1.3' ? hash : 0);
    this.#keys = allocate(2 * this.#directionBytes * size);
    this.#words = new Uint32Array(this.#keys.bytes.buffer);
    beginSeal(this.#sealing, cipher.evp, 0, 0, 0);
    beginOpen(this.#opening, cipher.evp, 0, 0, 0);
  }

  #slot(fd: number, direction: Direction): number {
    return (2 * fd + (direction === 'sent' ? 0 : 1)) * this.#directionBytes;
  }

  /** Takes a key and IV, as TLS 1.2 makes them; `sequence` is the number of the first record that they protect. */
  setKeys(fd: number, direction: Direction, key: Uint8Array, iv: Uint8Array, sequence: number): void {
    const slot = this.#slot(fd, direction);
    this.#words[slot / 4] = sequence;
    this.#words[slot / 4 + 1] = 0;
    this.#keys.bytes.set(iv, slot + ivAt);
    this.#keys.bytes.set(key, slot + keyAt);
  }

  /** Takes a traffic secret of TLS 1.3, from which key and IV follow. */
  setSecret(fd: number, direction: Direction, secret: Uint8Array): void {
    const { hash, cipher } = this.protocol;
    const slot = this.#slot(fd, direction);
    const { bytes } = this.#keys;
    bytes.set(secret, slot + keyAt + cipher.keyBytes);
    bytes.set(expandLabel(hash, secret, 'iv', ivBytes), slot + ivAt);
    bytes.set(expandLabel(hash, secret, 'key', cipher.keyBytes), slot + keyAt);
    this.#words.fill(0, slot / 4, slot / 4 + 2);
  }

  /** Moves on to the next keys, as a KeyUpdate demands (RFC 8446, section 7.2). */
  updateSecret(fd: number, direction: Direction): void {
    const { hash, cipher } = this.protocol;
    const at = this.#slot(fd, direction) + keyAt + cipher.keyBytes;
    const secret = this.#keys.bytes.subarray(at, at + hash);
    this.setSecret(fd, direction, Buffer.from(expandLabel(hash, secret, 'traffic upd', hash)));
  }

  /** Records protected so far with the present keys. */
  sequence(fd: number, direction: Direction): number {
    const at = this.#slot(fd, direction) / 4;
    return this.#words[at + 1]! * word + this.#words[at]!;
  }

  /** Sets the IV of the next record: the fixed one with the record's number over it. */
  #setNonce(slot: number): void {
    const { bytes } = nonce;
    for (let n = 0; n < ivBytes; n += 1) bytes[n] = this.#keys.bytes[slot + ivAt + n]!;
    const low = this.#words[slot / 4]!;
    const high = this.#words[slot / 4 + 1]!;
    for (let n = 0; n < 4; n += 1) {
      bytes[4 + n]! ^= high >>> (24 - 8 * n);
      bytes[8 + n]! ^= low >>> (24 - 8 * n);
    }
  }

  #count(slot: number): void {
    const next = (this.#words[slot / 4]! + 1) >>> 0;
    this.#words[slot / 4] = next;
    if (next === 0) this.#words[slot / 4 + 1]! += 1;
  }

  /** Writes what TLS 1.2 authenticates besides the content: number, type, version and length. Its own bytes. */
  #writeAdditional(slot: number, type: number, plaintextBytes: number): void {
    const { bytes } = additional;
    bytes.writeUInt32BE(this.#words[slot / 4 + 1]!, 0);
    bytes.writeUInt32BE(this.#words[slot / 4]!, 4);
    bytes[8] = type;
    bytes.writeUInt16BE(0x0303, 9);
    bytes.writeUInt16BE(plaintextBytes, 11);
  }

  /**
   * Writes a record of a range (at most {@link longestPlaintext} bytes) into `target` from `at` on, and returns its end. In
   * TLS 1.3 the type is protected like the content.
   */
  seal(fd: number, type: number, content: Buffer, start: number, end: number, target: Memory, at: number): number {
    const isNew = this.protocol.version === 'TLSv1.3';
    const slot = this.#slot(fd, 'sent');
    const { bytes, address } = target;
    const plaintext = at + this.plaintextAt;
    content.copy(bytes, plaintext, start, end);
    let plaintextBytes = end - start;
    if (isNew) {
      bytes[plaintext + plaintextBytes] = type;
      plaintextBytes += 1;
    }
    const payloadBytes = plaintext - at - headerBytes + plaintextBytes + tagBytes;
    bytes[at] = isNew ? 23 : type;
    bytes[at + 1] = 3;
    bytes[at + 2] = 3;
    bytes[at + 3] = payloadBytes >> 8;
    bytes[at + 4] = payloadBytes & 0xff;
    if (this.#explicitIv) {
      // Any value that is never used twice: the record's number, as everybody takes.
      bytes.fill(0, at + headerBytes, plaintext);
      bytes.writeUInt32BE(this.#words[slot / 4 + 1]!, at + headerBytes);
      bytes.writeUInt32BE(this.#words[slot / 4]!, at + headerBytes + 4);
      for (let n = 0; n < 4; n += 1) nonce.bytes[n] = this.#keys.bytes[slot + ivAt + n]!;
      bytes.copy(nonce.bytes, 4, at + headerBytes, plaintext);
    } else this.#setNonce(slot);
    beginSeal(this.#sealing, 0, 0, this.#keys.address + slot + keyAt, nonce.address);
    if (isNew) sealMore(this.#sealing, 0, length.address, address + at, headerBytes);
    else {
      this.#writeAdditional(slot, type, plaintextBytes);
      sealMore(this.#sealing, 0, length.address, additional.address, 13);
    }
    const from = address + plaintext;
    sealMore(this.#sealing, from, length.address, from, plaintextBytes);
    endSeal(this.#sealing, from + plaintextBytes, length.address);
    cipherControl(this.#sealing, getTag, tagBytes, from + plaintextBytes);
    this.#count(slot);
    return plaintext + plaintextBytes + tagBytes;
  }

  /**
   * Opens in place the record that `record` begins with, `payloadBytes` after its header; how many bytes of plaintext there are at
   * {@link plaintextAt} (in TLS 1.3 with type and padding), or -1 when it is not what the server sealed.
   */
  open(fd: number, record: Memory, payloadBytes: number): number {
    const isNew = this.protocol.version === 'TLSv1.3';
    const slot = this.#slot(fd, 'received');
    const { bytes, address } = record;
    const plaintext = this.plaintextAt;
    const plaintextBytes = headerBytes + payloadBytes - plaintext - tagBytes;
    if (plaintextBytes < 0) return -1;
    if (this.#explicitIv) {
      for (let n = 0; n < 4; n += 1) nonce.bytes[n] = this.#keys.bytes[slot + ivAt + n]!;
      bytes.copy(nonce.bytes, 4, headerBytes, plaintext);
    } else this.#setNonce(slot);
    beginOpen(this.#opening, 0, 0, this.#keys.address + slot + keyAt, nonce.address);
    if (isNew) openMore(this.#opening, 0, length.address, address, headerBytes);
    else {
      this.#writeAdditional(slot, bytes[0]!, plaintextBytes);
      openMore(this.#opening, 0, length.address, additional.address, 13);
    }
    const from = address + plaintext;
    openMore(this.#opening, from, length.address, from, plaintextBytes);
    cipherControl(this.#opening, setTag, tagBytes, from + plaintextBytes);
    if (endOpen(this.#opening, from + plaintextBytes, length.address) !== 1) return -1;
    this.#count(slot);
    return plaintextBytes;
  }
}
