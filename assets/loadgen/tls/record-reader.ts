import { allocate } from '../kernel/libc.ts';
import { alerts, causeOfAlert, type TlsFailureCause } from './tls-failures.ts';
import { headerBytes, longestPlaintext, longestRecord, type RecordProtection } from './record-protection.ts';

/** Record types (RFC 8446, section 5.1). */
export const contentTypes = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

/** Handshake messages that may come after the handshake; in TLS 1.2 only the request for another one. */
const messages = { helloRequest: 0, newSessionTicket: 4, keyUpdate: 24 } as const;
/** A ticket may carry a client's whole certificate chain, which ours does not have. */
const longestMessage = 16384;
const fatal = 2;

/** What is done with what a connection's records hold. */
export interface RecordSink {
  /** Content: a range that is valid during the call. False when the connection is gone. */
  data(fd: number, bytes: Buffer, start: number, end: number): boolean;
  /** A record of handshake messages (tickets, mostly) as it came, where {@link RecordReader.take} was asked to keep it. */
  handshakeRecord(fd: number, record: Buffer): void;
  /** The server has new keys and wants some of us too; or, in TLS 1.2, would like another handshake, which it does not get. */
  requested(fd: number, what: 'keyUpdate' | 'renegotiation'): void;
}

/** Why nothing more is read from a connection, and the alert that it is to be sent, if any. */
export interface RecordsEnd {
  readonly cause: TlsFailureCause | 'closedByServer';
  readonly alert: number | null;
}

const closed: RecordsEnd = { cause: 'closedByServer', alert: null };

function broken(alert: number): RecordsEnd {
  return { cause: 'tlsProtocolError', alert };
}

/** Cuts what connections receive into records and opens them; only the beginning of a record or message is kept. */
export class RecordReader {
  readonly #sink: RecordSink;
  readonly #record = allocate(longestRecord);
  readonly #partialRecords = new Map<number, Buffer>();
  readonly #partialMessages = new Map<number, Buffer>();
  #request: 'keyUpdate' | 'renegotiation' | null = null;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  /** Drops what is kept of a connection that is gone. */
  forget(fd: number): void {
    this.#partialRecords.delete(fd);
    this.#partialMessages.delete(fd);
  }

  /** Takes more of a connection, and of its handshake messages a copy as they came when `keep` is set; null while there may be more. */
  take(
    fd: number,
    protection: RecordProtection,
    bytes: Buffer,
    start: number,
    end: number,
    keep: boolean,
  ): RecordsEnd | null {
    let from = bytes;
    let at = start;
    let last = end;
    const earlier = this.#partialRecords.get(fd);
    if (earlier !== undefined) {
      from = Buffer.concat([earlier, bytes.subarray(start, end)]);
      at = 0;
      last = from.length;
      this.#partialRecords.delete(fd);
    }
    this.#request = null;
    while (last - at >= headerBytes) {
      const payloadBytes = (from[at + 3]! << 8) | from[at + 4]!;
      const refusal = headerRefusal(protection, from[at]!, payloadBytes);
      if (refusal !== null) return refusal;
      const next = at + headerBytes + payloadBytes;
      if (next > last) break;
      from.copy(this.#record.bytes, 0, at, next);
      const outcome = this.#open(fd, protection, payloadBytes, keep ? from.subarray(at, next) : null);
      if (outcome === 'gone') return null;
      if (outcome !== null) return outcome;
      at = next;
    }
    if (at < last) this.#partialRecords.set(fd, Buffer.from(from.subarray(at, last)));
    // One answer to any number of requests (RFC 8446, section 4.6.3).
    if (this.#request !== null) this.#sink.requested(fd, this.#request);
    return null;
  }

  #open(
    fd: number,
    protection: RecordProtection,
    payloadBytes: number,
    original: Buffer | null,
  ): RecordsEnd | 'gone' | null {
    const { bytes } = this.#record;
    const start = protection.plaintextAt;
    const length = protection.open(fd, this.#record, payloadBytes);
    if (length < 0) return { cause: 'tlsBadRecord', alert: alerts.badRecordMac };
    let end = start + length;
    let type = bytes[0]!;
    if (protection.protocol.version === 'TLSv1.3') {
      // The content, its type, and any number of zeros.
      do end -= 1;
      while (end >= start && bytes[end] === 0);
      if (end < start) return broken(alerts.unexpectedMessage);
      type = bytes[end]!;
    }
    if (end - start > longestPlaintext) return broken(alerts.recordOverflow);
    // Messages must not be interrupted by anything else.
    if (type !== contentTypes.handshake && this.#partialMessages.has(fd)) return broken(alerts.unexpectedMessage);
    if (type === contentTypes.applicationData) {
      return end === start || this.#sink.data(fd, bytes, start, end) ? null : 'gone';
    }
    if (type === contentTypes.alert) return alertEnd(protection, bytes.subarray(start, end));
    if (type !== contentTypes.handshake || end === start) return broken(alerts.unexpectedMessage);
    if (original !== null) this.#sink.handshakeRecord(fd, original);
    return this.#messages(fd, protection, bytes.subarray(start, end));
  }

  #messages(fd: number, protection: RecordProtection, more: Buffer): RecordsEnd | null {
    const earlier = this.#partialMessages.get(fd);
    const from = earlier === undefined ? more : Buffer.concat([earlier, more]);
    let at = 0;
    while (from.length - at >= 4) {
      const length = from.readUIntBE(at + 1, 3);
      if (length > longestMessage) return broken(alerts.decodeError);
      const next = at + 4 + length;
      if (next > from.length) break;
      const refusal = this.#message(fd, protection, from.subarray(at, next), next === from.length);
      if (refusal !== null) return refusal;
      at = next;
    }
    if (at < from.length) this.#partialMessages.set(fd, Buffer.from(from.subarray(at)));
    else if (earlier !== undefined) this.#partialMessages.delete(fd);
    return null;
  }

  #message(fd: number, protection: RecordProtection, message: Buffer, isLast: boolean): RecordsEnd | null {
    const type = message[0]!;
    if (protection.protocol.version === 'TLSv1.2') {
      if (type !== messages.helloRequest || message.length !== 4) return broken(alerts.unexpectedMessage);
      this.#request = 'renegotiation';
      return null;
    }
    if (type === messages.newSessionTicket) return null;
    // What follows is sealed with new keys, and so cannot be in the same record.
    if (type !== messages.keyUpdate || !isLast) return broken(alerts.unexpectedMessage);
    if (message.length !== 5) return broken(alerts.decodeError);
    if (message[4]! > 1) return broken(alerts.illegalParameter);
    protection.updateSecret(fd, 'received');
    if (message[4] === 1) this.#request = 'keyUpdate';
    return null;
  }
}

/** Why a record is not even worth waiting for. */
function headerRefusal(protection: RecordProtection, type: number, payloadBytes: number): RecordsEnd | null {
  if (protection.protocol.version === 'TLSv1.3') {
    // After the handshake everything is protected, and looks like content.
    if (type !== contentTypes.applicationData) return broken(alerts.unexpectedMessage);
    return payloadBytes > longestPlaintext + 256 ? broken(alerts.recordOverflow) : null;
  }
  if (type < contentTypes.alert || type > contentTypes.applicationData) return broken(alerts.unexpectedMessage);
  return payloadBytes > longestRecord - headerBytes ? broken(alerts.recordOverflow) : null;
}

function alertEnd(protection: RecordProtection, content: Buffer): RecordsEnd | null {
  if (content.length !== 2) return broken(alerts.decodeError);
  const [level = 0, description = 0] = content;
  if (description === alerts.closeNotify) return closed;
  // TLS 1.3 has no warnings but these (RFC 8446, section 6).
  if (description === alerts.userCanceled) return null;
  if (protection.protocol.version === 'TLSv1.2' && level !== fatal) return null;
  return { cause: causeOfAlert(description), alert: null };
}
