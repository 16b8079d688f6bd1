import { errorNumbers } from '../kernel/error-numbers.ts';
import { allocate, errno, trimMemory } from '../kernel/libc.ts';
import { causeOf } from '../measure/failure-causes.ts';
import type { FailureCause } from '../raw.ts';
import { clientContext, isAddress } from './client-context.ts';
import { keyBlock, type HashBytes } from './key-schedule.ts';
import {
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
  memoryBio,
  newSsl,
  protocolVersion,
  serverRandom,
  setConnectState,
  setDescriptor,
  setInput,
  setKeyLog,
  setMessageSeen,
  setServerName,
  sslError,
  takeError,
  verifyResult,
  wasResumed,
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
/**
 * Messages and records in one handshake, sent or received: a full one has about 25. OpenSSL takes a HelloRequest before the answer to its
 * ClientHello without a word, and would read them for as long as they come, while the process does nothing else.
 */
const mostMessages = 1000;
/** So many SSL objects, a megabyte or more, are worth giving their memory back when all are freed. */
const worthTrimming = 32;

/** A handshake under way: OpenSSL's object, and in TLS 1.3 the secrets that it has come to. */
interface Handshake {
  readonly ssl: number;
  clientSecret: Buffer | null;
  serverSecret: Buffer | null;
  /** Messages and records so far. */
  messages: number;
}

/** Where a handshake is: it waits for bytes of the server, or for the socket to take some; it is done, or has failed. */
export type HandshakeState = 'reading' | 'writing' | 'done' | 'failed';

/**
 * Handshakes by OpenSSL on the sockets themselves. When one is done, the keys that it came to are taken and the SSL object, tens of
 * kilobytes, is freed. It has read no byte too many: OpenSSL reads record by record unless told otherwise.
 */
export class Handshakes {
  readonly sessions: Sessions | null;
  readonly counts = { full: 0, resumed: 0 };
  /** Why the last one failed that did. */
  failure: FailureCause = 'tlsOther';
  readonly #context: number;
  readonly #sni: string | null;
  readonly #size: number;
  readonly #underWay = new Map<number, Handshake>();
  readonly #protections: RecordProtection[] = [];
  // One byte a descriptor: which of the protections is its own.
  readonly #protectionOf: Uint8Array;
  readonly #secret = allocate(masterSecretBytes);
  readonly #randoms = allocate(2 * randomBytes);
  readonly #nothing = allocate(1);
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
    setMessageSeen(this.#context, () => this.#boundMessages());
  }

  /** What protects the records of a connection whose handshake is done. */
  protection(fd: number): RecordProtection {
    return this.#protections[this.#protectionOf[fd]!]!;
  }

  /** Drops a handshake that is under way, if there is one. */
  forget(fd: number): void {
    const handshake = this.#underWay.get(fd);
    if (handshake !== undefined) this.#end(fd, handshake.ssl);
    this.sessions?.forget(fd);
  }

  #end(fd: number, ssl: number): void {
    freeSsl(ssl);
    this.#delete(fd);
  }

  #delete(fd: number): void {
    this.#underWay.delete(fd);
    if (this.#underWay.size > 0 || this.#mostUnderWay < worthTrimming) return;
    this.#mostUnderWay = 0;
    trimMemory(0);
  }

  /** Begins a handshake on a socket, or carries it on. */
  advance(fd: number): HandshakeState {
    const handshake = this.#underWay.get(fd) ?? this.#begin(fd);
    const { ssl } = handshake;
    clearErrors();
    this.#current = handshake;
    const result = doHandshake(ssl);
    const systemError = result === 1 ? 0 : errno();
    this.#current = null;
    if (result === 1) return this.#finish(fd, handshake);
    const error = sslError(ssl, result);
    if (error === wantRead) return 'reading';
    if (error === wantWrite) return 'writing';
    if (handshake.messages > mostMessages) this.failure = 'tlsProtocolError';
    else if (error === errorSsl) this.failure = causeOfError(takeError(), verifyResult(ssl));
    else this.failure = failureOfSocket(systemError);
    this.#end(fd, ssl);
    return 'failed';
  }

  #begin(fd: number): Handshake {
    const ssl = newSsl(this.#context);
    setDescriptor(ssl, fd);
    setConnectState(ssl);
    if (this.#sni !== null) setServerName(ssl, setTlsExtHostName, 0, this.#sni);
    this.sessions?.offer(ssl);
    const handshake = { ssl, clientSecret: null, serverSecret: null, messages: 0 };
    this.#underWay.set(fd, handshake);
    this.#mostUnderWay = Math.max(this.#mostUnderWay, this.#underWay.size);
    return handshake;
  }

  /** Lets OpenSSL read the end of the connection where a handshake has too many messages. */
  #boundMessages(): void {
    const handshake = this.#current;
    if (handshake === null) return;
    handshake.messages += 1;
    if (handshake.messages === mostMessages + 1) setInput(handshake.ssl, memoryBio(this.#nothing.address, 0));
  }

  #noteSecret(line: string): void {
    if (this.#current === null) return;
    const secret = (): Buffer => Buffer.from(line.slice(line.lastIndexOf(' ') + 1), 'hex');
    if (line.startsWith('CLIENT_TRAFFIC_SECRET_0 ')) this.#current.clientSecret = secret();
    else if (line.startsWith('SERVER_TRAFFIC_SECRET_0 ')) this.#current.serverSecret = secret();
  }

  #finish(fd: number, handshake: Handshake): HandshakeState {
    const { ssl } = handshake;
    const resumed = wasResumed(ssl) === 1;
    this.counts[resumed ? 'resumed' : 'full'] += 1;
    this.#takeKeys(fd, handshake);
    if (this.sessions === null) freeSsl(ssl);
    else this.sessions.done(fd, ssl, resumed);
    this.#delete(fd);
    return 'done';
  }

  #takeKeys(fd: number, { ssl, clientSecret, serverSecret }: Handshake): void {
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
    if (clientSecret === null || serverSecret === null) throw new Error('OpenSSL has logged no traffic secrets');
    protection.setSecret(fd, 'sent', clientSecret);
    protection.setSecret(fd, 'received', serverSecret);
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

/** Without an error of OpenSSL's own: the socket's, or its end. */
function failureOfSocket(error: number): FailureCause {
  return error === 0 || error === errorNumbers.EAGAIN ? 'closedByServer' : causeOf(error);
}
