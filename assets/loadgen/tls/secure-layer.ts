import { allocate, type Memory } from '../kernel/libc.ts';
import type { FailureCause } from '../raw.ts';
import type { HandshakeCounts } from './handshake-counts.ts';
import { Handshakes, type HandshakeState } from './handshakes.ts';
import { contentTypes, RecordReader, type RecordsEnd } from './record-reader.ts';
import { longestPlaintext, longestRecord } from './record-protection.ts';
import { alerts } from './tls-failures.ts';
import type { TlsOptions } from './tls-options.ts';

/** What the layer does to the connections above and below it. */
export interface SecureSink {
  /** Content that has arrived: a range that is valid during the call. False when the connection is gone. */
  data(fd: number, bytes: Buffer, start: number, end: number): boolean;
  /** The first `length` bytes of a memory are to be sent, or the connection ends. */
  send(fd: number, sealed: Memory, length: number): void;
}

/** Makes the layer of a process, for descriptors below a number; throws when the options cannot be used. */
export type MakeSecure = (size: number, sink: SecureSink) => SecureLayer;

/** Remembers how connections are to be secured. */
export function secureWith(options: TlsOptions): MakeSecure {
  return (size, sink) => new SecureLayer(options, size, sink);
}

const warning = 1;
const fatal = 2;
const keyUpdate = 24;
// AES-GCM is to be trusted for 2^24.5 records of full length (RFC 8446, section 5.5).
const recordsAKey = 2 ** 24;
const smallRecords = 4 * 64;

/** TLS between sockets and WebSocket frames: bytes in, bytes out, for all connections of a process. */
export class SecureLayer {
  /** What was sealed last, from its beginning on. */
  readonly sealed: Memory = allocate(longestRecord + smallRecords);
  /** Content that one call of {@link seal} takes. */
  readonly longestContent = longestPlaintext;
  readonly #handshakes: Handshakes;
  readonly #reader: RecordReader;
  readonly #sink: SecureSink;
  readonly #message = Buffer.alloc(8);

  /** For descriptors below `size`; throws when the options cannot be used. */
  constructor(options: TlsOptions, size: number, sink: SecureSink) {
    this.#handshakes = new Handshakes(options, size);
    this.#sink = sink;
    const { sessions } = this.#handshakes;
    this.#reader = new RecordReader({
      data: (fd, bytes, start, end) => {
        sessions?.forget(fd);
        return sink.data(fd, bytes, start, end);
      },
      handshakeRecord: (fd, record) => sessions?.record(fd, record),
      requested: (fd, what) => {
        const isUpdate = what === 'keyUpdate';
        const length = isUpdate ? this.#sealKeyUpdate(fd, 0) : this.#sealAlert(fd, warning, alerts.noRenegotiation, 0);
        sink.send(fd, this.sealed, length);
      },
    });
  }

  /** Handshakes done so far. */
  get counts(): Readonly<HandshakeCounts> {
    return this.#handshakes.counts;
  }

  /** Whether sessions are to be resumed. */
  get resumes(): boolean {
    return this.#handshakes.sessions !== null;
  }

  /** Why the last handshake failed that did. */
  get failure(): FailureCause {
    return this.#handshakes.failure;
  }

  /** Begins or carries on a handshake: it waits for the socket to be readable or writable, is done, or has failed. */
  advance(fd: number): HandshakeState {
    return this.#handshakes.advance(fd);
  }

  /** Takes what came with the end of the handshake that {@link advance} has just done; otherwise as {@link take}. */
  takeRest(fd: number): FailureCause | null {
    const { rest, restBytes } = this.#handshakes;
    return restBytes === 0 ? null : this.take(fd, rest.bytes, 0, restBytes);
  }

  /** Drops all that is kept of a connection that is gone. */
  forget(fd: number): void {
    this.#handshakes.forget(fd);
    this.#reader.forget(fd);
  }

  /** Takes what was received; null, or why the connection must end (the alert for the server has been handed on to be sent). */
  take(fd: number, bytes: Buffer, start: number, end: number): FailureCause | null {
    const keep = this.#handshakes.sessions?.awaits(fd) === true;
    const ended = this.#reader.take(fd, this.#handshakes.protection(fd), bytes, start, end, keep);
    return ended === null ? null : this.#ended(fd, ended);
  }

  #ended(fd: number, { cause, alert }: RecordsEnd): FailureCause {
    if (alert !== null) this.#sink.send(fd, this.sealed, this.#sealAlert(fd, fatal, alert, 0));
    return cause;
  }

  /** Seals content of at most {@link longestContent} bytes; how many bytes are to be sent. */
  seal(fd: number, content: Buffer, start: number, end: number): number {
    const protection = this.#handshakes.protection(fd);
    let at = 0;
    if (protection.protocol.version === 'TLSv1.3' && protection.sequence(fd, 'sent') >= recordsAKey) {
      at = this.#sealKeyUpdate(fd, 0);
    }
    return protection.seal(fd, contentTypes.applicationData, content, start, end, this.sealed, at);
  }

  /** Seals the end of what is sent on a connection; how many bytes are to be sent. */
  sealEnd(fd: number): number {
    return this.#sealAlert(fd, warning, alerts.closeNotify, 0);
  }

  #sealAlert(fd: number, level: number, description: number, at: number): number {
    this.#message[0] = level;
    this.#message[1] = description;
    return this.#handshakes.protection(fd).seal(fd, contentTypes.alert, this.#message, 0, 2, this.sealed, at);
  }

  /** Announces our next keys, and goes over to them. */
  #sealKeyUpdate(fd: number, at: number): number {
    const protection = this.#handshakes.protection(fd);
    this.#message.set([keyUpdate, 0, 0, 1, 0]);
    const end = protection.seal(fd, contentTypes.handshake, this.#message, 0, 5, this.sealed, at);
    protection.updateSecret(fd, 'sent');
    return end;
  }
}
