import { connect, isIP, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectSecurely, type ConnectionOptions } from 'node:tls';
import type { Target } from '../../../assets/loadgen/connections/target.ts';
import { causeOf } from '../../../assets/loadgen/measure/failure-causes.ts';
import type { FailureCause } from '../../../assets/loadgen/raw.ts';
import { cipherList, cipherSuites } from '../../../assets/loadgen/tls/ciphers-offered.ts';
import { tlsFailureTexts, type TlsFailureCause } from '../../../assets/loadgen/tls/tls-failures.ts';
import type { TlsOptions } from '../../../assets/loadgen/tls/tls-options.ts';
import { encodeFrame } from '../../../assets/loadgen/websocket/frame-encoder.ts';
import { FrameParser, type FrameSink } from '../../../assets/loadgen/websocket/frame-parser.ts';
import { ResponseChecker, upgradeRequest } from '../../../assets/loadgen/websocket/handshake.ts';
import { makeKeys } from '../../../assets/loadgen/websocket/keys.ts';
import { RequestValues } from '../../../assets/loadgen/websocket/request-values.ts';
import { closing, pong, text } from '../../../assets/loadgen/websocket/opcodes.ts';

/** Longer messages are none that are waited for, and not kept. */
const longestText = 256;
const readBytes = 65536;
/** 1000: the purpose is fulfilled (RFC 6455, section 7.4.1). */
const goodbye = Buffer.of(0x03, 0xe8);

/** Why a connection could not be opened, by name and in words. */
interface ProbeFailure {
  readonly cause: FailureCause;
  readonly reason: string;
  /** What to do about it, where the cause alone does not tell. */
  readonly advice?: string;
}

/** What Node's names of TLS errors stand for, the load generator's causes. */
const tlsCauses: readonly (readonly [RegExp, TlsFailureCause])[] = [
  [/SELF_SIGNED_CERT|^UNABLE_TO_/, 'tlsUnknownCa'],
  [/ALTNAME_INVALID/, 'tlsWrongName'],
  [/^CERT_HAS_EXPIRED/, 'tlsExpired'],
  [/^CERT_NOT_YET_VALID/, 'tlsNotYetValid'],
  [/^(CERT|INVALID|CA)_|PURPOSE|KEY_TOO_SMALL|MD_TOO_WEAK/, 'tlsBadCertificate'],
  [/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, 'tlsVersion'],
  [/HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY/, 'tlsHandshakeFailure'],
  [/NO_APPLICATION_PROTOCOL/, 'tlsNoHttp'],
  [/UNRECOGNIZED_NAME/, 'tlsUnknownName'],
  [/CERTIFICATE_REQUIRED/, 'tlsClientCertificate'],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH|HTTP_REQUEST/, 'tlsNotTls'],
  [/_ALERT_/, 'tlsAlert'],
  [/^ERR_SSL_|_SSL_ROUTINES/, 'tlsOther'],
];

function failureOf({ code = '', errno = 0, message }: NodeJS.ErrnoException): ProbeFailure {
  // OpenSSL's words are in the message alone where the code is EPROTO.
  const name = code === 'EPROTO' ? message.toUpperCase().replaceAll(' ', '_') : code;
  const [, cause] = tlsCauses.find(([pattern]) => pattern.test(name)) ?? [];
  return cause === undefined ? { cause: causeOf(-errno), reason: code === '' ? message : code } : tlsFailure(cause);
}

function tlsFailure(cause: TlsFailureCause): ProbeFailure {
  const [reason = '', advice] = tlsFailureTexts[cause].split(/: (.*)/s);
  return { cause, reason, ...(advice === undefined ? {} : { advice }) };
}

/** How Node secures a connection as the load generator does. */
function secureOptions({ serverName, trusted }: TlsOptions): ConnectionOptions {
  return {
    // A name only: SNI takes no address.
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    ...(trusted === null ? { rejectUnauthorized: false } : { ca: trusted }),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    ciphers: `${cipherSuites}:${cipherList}`,
  };
}

/** Headers that each connection has of its own, as the first one has them. */
function ownHeaders({ headerValues = [] }: Target): readonly string[] {
  const values = new RequestValues(headerValues, 0, 1);
  const lines = Buffer.alloc(values.longest);
  return lines
    .toString('latin1', 0, values.write(0, lines, 0))
    .split('\r\n')
    .filter((line) => line !== '');
}

/** One WebSocket connection that keeps nothing of what it is sent but the message at hand. */
export class ProbeConnection implements FrameSink {
  readonly #target: Target;
  #socket: Socket | null = null;
  readonly #parser = new FrameParser();
  readonly #checker: ResponseChecker;
  readonly #key = makeKeys()[0]!;
  // What has come of the answer to the upgrade; null once it is whole.
  #response: Uint8Array | null = Buffer.alloc(0);
  readonly #listeners = new Set<(message: string) => void>();
  readonly #piece = Buffer.alloc(longestText);
  #pieceBytes = 0;

  constructor(target: Target) {
    this.#target = target;
    this.#checker = new ResponseChecker(target.subprotocols);
  }

  /** Null once the connection is open, else why it cannot be opened. */
  async open(deadlineMillis: number): Promise<ProbeFailure | null> {
    const { address, ports, tls } = this.#target;
    let opened: (why: ProbeFailure | null) => void = () => undefined;
    const upgraded = new Promise<ProbeFailure | null>((resolve) => (opened = resolve));
    const options = {
      port: ports[0] ?? 0,
      host: address,
      // One buffer for all that is read: what a server floods us with is no garbage either.
      onread: {
        buffer: Buffer.alloc(readBytes),
        callback: (count: number, bytes: Uint8Array): boolean => {
          this.#take(bytes, count, opened);
          return true;
        },
      },
    };
    const socket = tls === undefined ? connect(options) : connectSecurely({ ...options, ...secureOptions(tls) });
    this.#socket = socket;
    let isSecured = tls === undefined;
    socket.once('secureConnect', () => (isSecured = true));
    const ended = new Promise<ProbeFailure>((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(failureOf(error)));
      socket.on('close', () => resolve({ cause: 'closedByServer', reason: 'the server ended it' }));
    });
    this.#request();
    const late = new AbortController();
    const noAnswer = (): ProbeFailure =>
      isSecured
        ? { cause: 'handshakeTimeout', reason: `no answer within ${deadlineMillis / 1000} s` }
        : tlsFailure('tlsTimeout');
    const timeout = pause(deadlineMillis, null, { signal: late.signal }).then(noAnswer, () => null);
    const why = await Promise.race([upgraded, ended, timeout]);
    late.abort();
    if (why !== null) socket.destroy();
    else if (this.#target.hello !== undefined) this.send(this.#target.hello);
    return why;
  }

  #request(): void {
    const { address, hostName = address, ports, defaultPort, path, headers = [] } = this.#target;
    const host = ports[0] === defaultPort ? hostName : `${hostName}:${ports[0] ?? 0}`;
    const { text: request, keyOffset } = upgradeRequest(host, path, [...headers, ...ownHeaders(this.#target)]);
    const { key } = this.#key;
    this.#socket?.write(request.slice(0, keyOffset) + key + request.slice(keyOffset + key.length), 'latin1');
  }

  #take(bytes: Uint8Array, count: number, opened: (why: ProbeFailure | null) => void): void {
    let start = 0;
    let data = bytes;
    let end = count;
    if (this.#response !== null) {
      data = Buffer.concat([this.#response, bytes.subarray(0, count)]);
      end = data.length;
      const check = this.#checker.check(data, 0, end, Buffer.from(this.#key.accept));
      if (typeof check !== 'number') {
        this.#response = data;
        if (check !== 'partial') opened(check);
        return;
      }
      this.#response = null;
      start = check;
      opened(null);
    }
    if (this.#parser.push(data, start, end, this) !== null) this.end();
  }

  /** Whether a text that fits comes within the deadline. */
  async hears(fits: (message: string) => boolean, deadlineMillis: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (heard: boolean): void => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
        this.#socket?.off('close', gone);
        resolve(heard);
      };
      const listener = (message: string): void => {
        if (fits(message)) end(true);
      };
      const gone = (): void => end(false);
      const timer = setTimeout(gone, deadlineMillis);
      this.#listeners.add(listener);
      this.#socket?.on('close', gone);
    });
  }

  send(message: string): void {
    if (this.#socket?.writable === true) this.#socket.write(encodeFrame(text, Buffer.from(message)));
  }

  /** Says goodbye and ends the connection, whatever the server does. */
  end(): void {
    const socket = this.#socket;
    if (socket === null) return;
    if (socket.writableLength > 0 || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.write(encodeFrame(closing, goodbye));
    socket.destroySoon();
  }

  message(_opcode: number, bytes: Uint8Array, start: number, end: number): void {
    const message = Buffer.from(bytes.subarray(start, end)).toString();
    for (const listener of this.#listeners) listener(message);
  }

  messageStart(): void {
    this.#pieceBytes = 0;
  }

  messageData(bytes: Uint8Array, start: number, end: number): void {
    if (this.#pieceBytes + end - start <= longestText) this.#piece.set(bytes.subarray(start, end), this.#pieceBytes);
    this.#pieceBytes += end - start;
  }

  messageEnd(): void {
    if (this.#pieceBytes <= longestText) this.message(text, this.#piece, 0, this.#pieceBytes);
  }

  ping(bytes: Uint8Array, start: number, end: number): void {
    // Unless the server does not read: then nothing is left waiting.
    if (this.#socket?.writable === true && this.#socket.writableLength === 0) {
      this.#socket.write(encodeFrame(pong, bytes.subarray(start, end)));
    }
  }

  pong(): void {
    // Nobody asked.
  }

  close(): void {
    this.end();
  }
}
