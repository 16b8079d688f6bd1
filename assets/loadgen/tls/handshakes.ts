import { errorNumbers } from '../kernel/error-numbers.ts';
import { allocate, errno, receive, trimMemory, type Memory } from '../kernel/libc.ts';
import { causeOf } from '../measure/failure-causes.ts';
import type { FailureCause } from '../raw.ts';
import { clientContext, isAddress } from './client-context.ts';
import { keyBlock, type HashBytes } from './key-schedule.ts';
import {
  bioControl,
  cipherDigest,
  cipherKind,
  clearErrors,
  clientRandom,
  currentCipher,
  currentSession,
  digestBytes,
  doHandshake,
  freeSsl,
  masterKey,
  memoryMethod,
  newBio,
  newSsl,
  protocolVersion,
  readBio,
  serverRandom,
  setConnectState,
  setDescriptor,
  setInput,
  setKeyLog,
  setServerName,
  sslError,
  takeError,
  verifyResult,
  wasResumed,
  writeBio,
} from './openssl.ts';
import { ciphers, RecordProtection } from './record-protection.ts';
import { Sessions } from './sessions.ts';
import { causeOfError } from './tls-failures.ts';
import type { TlsOptions } from './tls-options.ts';

// From openssl/ssl.h and tls1.h.
const setTlsExtHostName = 55;
const errorSsl = 1;
const wantRead = 2;
const wantWrite = 3;
const versionTls13 = 0x0304;
const randomBytes = 32;
const masterSecretBytes = 48;
const longestSecret = 48;
const pending = 10;
/** What is read at once, and what a server may send in one handshake: OpenSSL's own limit for a chain of certificates is 100 KiB. */
const inputBytes = 16384;
const mostBytes = 2 ** 18;
/** So many SSL objects, a megabyte or more, are worth giving their memory back when all are freed. */
const worthTrimming = 32;

/** A handshake under way: OpenSSL's object, and in TLS 1.3 the secrets that it has come to. */
interface Handshake {
  ssl: number;
  /** The BIO that it reads from. */
  input: number;
  /** What it has been given. */
  bytes: number;
  isWriting: boolean;
  /** Of the two secrets, those that OpenSSL has logged. */
  secrets: number;
  readonly clientSecret: Buffer;
  readonly serverSecret: Buffer;
}

/** Where a handshake is: it waits for bytes of the server, or for the socket to take some; it is done, or has failed. */
export type HandshakeState = 'reading' | 'writing' | 'done' | 'failed';

/**
 * Handshakes by OpenSSL, which writes to the sockets itself and is given what they receive: reading, it would call the kernel twice a
 * record, and would take the HelloRequests of a server that sends nothing else for as long as they come. When one is done, the keys that
 * it came to are taken and the SSL object, tens of kilobytes, is freed.
 */
export class Handshakes {
  readonly sessions: Sessions | null;
  readonly counts = { full: 0, resumed: 0 };
  /** Why the last one failed that did. */
  failure: FailureCause = 'tlsOther';
  /** The first {@link restBytes} of it came after the handshake that was done last. */
  readonly rest: Memory = allocate(inputBytes);
  restBytes = 0;
  readonly #context: number;
  readonly #sni: string | null;
  readonly #size: number;
  readonly #underWay = new Map<number, Handshake>();
  // To be taken again: what lives as long as a handshake gets old for V8, and each would stay until it collects everything.
  readonly #ended: Handshake[] = [];
  readonly #protections: RecordProtection[] = [];
  // One byte a descriptor: which of the protections is its own.
  readonly #protectionOf: Uint8Array;
  readonly #secret = allocate(masterSecretBytes);
  readonly #randoms = allocate(2 * randomBytes);
  readonly #input = allocate(inputBytes);
  #current: Handshake | null = null;
  // Since memory was last given back.
  #mostUnderWay = 0;

  /** For descriptors below `size`. */
  constructor(options: TlsOptions, size: number) {
    this.#size = size;
    this.#protectionOf = new Uint8Array(size);
    this.#context = clientContext(options);
    this.#sni = isAddress(options.serverName) ? null : options.serverName;
    this.sessions = options.resume ? new Sessions() : null;
    setKeyLog(this.#context, (_ssl, line) => this.#noteSecret(line));
  }

  /** What protects the records of a connection whose handshake is done. */
  protection(fd: number): RecordProtection {
    return this.#protections[this.#protectionOf[fd]!]!;
  }

  /** Drops a handshake that is under way, if there is one. */
  forget(fd: number): void {
    const handshake = this.#underWay.get(fd);
    if (handshake !== undefined) this.#end(fd, handshake);
    this.sessions?.forget(fd);
  }

  #end(fd: number, handshake: Handshake): void {
    freeSsl(handshake.ssl);
    this.#delete(fd, handshake);
  }

  #delete(fd: number, handshake: Handshake): void {
    this.#underWay.delete(fd);
    this.#ended.push(handshake);
    if (this.#underWay.size > 0 || this.#mostUnderWay < worthTrimming) return;
    this.#mostUnderWay = 0;
    trimMemory(0);
  }

  /** Begins a handshake on a socket, or carries it on. */
  advance(fd: number): HandshakeState {
    const underWay = this.#underWay.get(fd);
    if (underWay === undefined) return this.#step(fd, this.#begin(fd));
    if (underWay.isWriting) {
      const state = this.#step(fd, underWay);
      if (state !== 'reading') return state;
    }
    for (;;) {
      const got = receive(fd, this.#input.address, inputBytes, 0);
      const error = got < 0 ? errno() : 0;
      if (error === errorNumbers.EAGAIN) return 'reading';
      if (error === errorNumbers.EINTR) continue;
      if (got <= 0) return this.#fail(fd, underWay, failureOfSocket(error));
      underWay.bytes += got;
      if (underWay.bytes > mostBytes) return this.#fail(fd, underWay, 'tlsProtocolError');
      writeBio(underWay.input, this.#input.address, got);
      const state = this.#step(fd, underWay);
      if (state !== 'reading') return state;
    }
  }

  /** Lets OpenSSL do what it can with what it has been given. */
  #step(fd: number, handshake: Handshake): HandshakeState {
    const { ssl } = handshake;
    clearErrors();
    this.#current = handshake;
    const result = doHandshake(ssl);
    const systemError = result === 1 ? 0 : errno();
    this.#current = null;
    if (result === 1) return this.#finish(fd, handshake);
    const error = sslError(ssl, result);
    handshake.isWriting = error === wantWrite;
    if (error === wantRead) return 'reading';
    if (error === wantWrite) return 'writing';
    const cause = error === errorSsl ? causeOfError(takeError(), verifyResult(ssl)) : failureOfSocket(systemError);
    return this.#fail(fd, handshake, cause);
  }

  #fail(fd: number, handshake: Handshake, cause: FailureCause): 'failed' {
    this.failure = cause;
    this.#end(fd, handshake);
    return 'failed';
  }

  #begin(fd: number): Handshake {
    const ssl = newSsl(this.#context);
    const input = newBio(memoryMethod());
    setDescriptor(ssl, fd);
    // The SSL object's from now on.
    setInput(ssl, input);
    setConnectState(ssl);
    if (this.#sni !== null) setServerName(ssl, setTlsExtHostName, 0, this.#sni);
    this.sessions?.offer(ssl);
    const handshake = this.#ended.pop() ?? newHandshake();
    handshake.ssl = ssl;
    handshake.input = input;
    handshake.bytes = 0;
    handshake.isWriting = false;
    handshake.secrets = 0;
    this.#underWay.set(fd, handshake);
    this.#mostUnderWay = Math.max(this.#mostUnderWay, this.#underWay.size);
    return handshake;
  }

  #noteSecret(line: string): void {
    const current = this.#current;
    if (current === null) return;
    let secret: Buffer;
    if (line.startsWith('CLIENT_TRAFFIC_SECRET_0 ')) secret = current.clientSecret;
    else if (line.startsWith('SERVER_TRAFFIC_SECRET_0 ')) secret = current.serverSecret;
    else return;
    secret.write(line.slice(line.lastIndexOf(' ') + 1), 'hex');
    current.secrets += 1;
  }

  #finish(fd: number, handshake: Handshake): HandshakeState {
    const { ssl, input } = handshake;
    this.restBytes = bioControl(input, pending, 0, 0);
    if (this.restBytes > 0) readBio(input, this.rest.address, this.restBytes);
    const resumed = wasResumed(ssl) === 1;
    this.counts[resumed ? 'resumed' : 'full'] += 1;
    this.#takeKeys(fd, handshake);
    if (this.sessions === null) freeSsl(ssl);
    else this.sessions.done(fd, ssl, resumed);
    this.#delete(fd, handshake);
    return 'done';
  }

  #takeKeys(fd: number, { ssl, secrets, clientSecret, serverSecret }: Handshake): void {
    const cipher = currentCipher(ssl);
    const kind = cipherKind(cipher);
    const hash = digestBytes(cipherDigest(cipher)) as HashBytes;
    const version = protocolVersion(ssl) === versionTls13 ? 'TLSv1.3' : 'TLSv1.2';
    const index = this.#indexOf(kind, hash, version);
    this.#protectionOf[fd] = index;
    const protection = this.#protections[index]!;
    if (version === 'TLSv1.2') {
      this.#takeKeyBlock(fd, ssl, protection);
      return;
    }
    if (secrets !== 2) throw new Error('OpenSSL has logged no traffic secrets');
    protection.setSecret(fd, 'sent', clientSecret.subarray(0, hash));
    protection.setSecret(fd, 'received', serverSecret.subarray(0, hash));
  }

  #takeKeyBlock(fd: number, ssl: number, protection: RecordProtection): void {
    const { cipher, hash } = protection.protocol;
    masterKey(currentSession(ssl), this.#secret.address, masterSecretBytes);
    serverRandom(ssl, this.#randoms.address, randomBytes);
    clientRandom(ssl, this.#randoms.address + randomBytes, randomBytes);
    const ivBytes = cipher.fixedIvBytes['TLSv1.2'];
    const { keyBytes } = cipher;
    const block = keyBlock(hash, this.#secret.bytes, this.#randoms.bytes, 2 * (keyBytes + ivBytes));
    const ivs = 2 * keyBytes;
    // Either side's Finished was record 0.
    protection.setKeys(fd, 'sent', block.subarray(0, keyBytes), block.subarray(ivs, ivs + ivBytes), 1);
    protection.setKeys(fd, 'received', block.subarray(keyBytes, ivs), block.subarray(ivs + ivBytes), 1);
  }

  #indexOf(kind: number, hash: HashBytes, version: 'TLSv1.2' | 'TLSv1.3'): number {
    const cipher = ciphers.get(kind);
    if (cipher === undefined) throw new Error(`no records can be protected with OpenSSL's cipher ${kind}`);
    const found = this.#protections.findIndex(
      ({ protocol }) => protocol.cipher === cipher && protocol.hash === hash && protocol.version === version,
    );
    if (found >= 0) return found;
    this.#protections.push(new RecordProtection({ version, cipher, hash }, this.#size));
    return this.#protections.length - 1;
  }
}

function newHandshake(): Handshake {
  const clientSecret = Buffer.alloc(longestSecret);
  const serverSecret = Buffer.alloc(longestSecret);
  return { ssl: 0, input: 0, bytes: 0, isWriting: false, secrets: 0, clientSecret, serverSecret };
}

/** Without an error of OpenSSL's own: the socket's, or its end. */
function failureOfSocket(error: number): FailureCause {
  return error === 0 || error === errorNumbers.EAGAIN ? 'closedByServer' : causeOf(error);
}
