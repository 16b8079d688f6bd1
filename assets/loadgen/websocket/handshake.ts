import { whatIsWrongWith } from '../deflate/extension.ts';
import type { FailureCause } from '../raw.ts';
import { causeOfStatus } from './http-causes.ts';
import { shownUrl } from './shown-url.ts';

const longestResponse = 16384;
const headersEnd = '\r\n\r\n';
const keyBytes = 24;
const acceptBytes = 28;
/** So much is kept of what a server says. */
const wordsMost = 200;

/** An upgrade request, where in it the 24 bytes of the key go, and where header lines can be added. */
export interface UpgradeRequest {
  readonly text: string;
  readonly keyOffset: number;
  readonly headersEnd: number;
}

/** The upgrade request for a path (with query) on a host; one of `headers` may be the Host. */
export function upgradeRequest(host: string, path: string, headers: readonly string[] = []): UpgradeRequest {
  const hasHost = headers.some((header) => header.toLowerCase().startsWith('host:'));
  const lines = [...(hasHost ? [] : [`Host: ${host}`]), ...headers].map((line) => `${line}\r\n`).join('');
  const before =
    `GET ${path} HTTP/1.1\r\n${lines}Upgrade: websocket\r\nConnection: Upgrade\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ';
  const text = `${before}${'A'.repeat(keyBytes)}\r\n\r\n`;
  return { text, keyOffset: before.length, headersEnd: text.length - 2 };
}

/** The outcome of a look at the bytes so far: where frames begin, `partial` when the response is not all there, or what is wrong. */
export type ResponseCheck = number | 'partial' | BadResponse;

/** What is wrong with an answer, in words and by name. */
interface BadResponse {
  /** Printable ASCII, at most {@link wordsMost} characters. */
  readonly reason: string;
  readonly cause: FailureCause;
  /** After how many seconds the server wants to be asked again (Retry-After); 0 when it does not say. */
  readonly retryAfterSeconds: number;
}

/**
 * Checks upgrade responses. A server answers every client with the same bytes but for the accept value, so the last
 * good response is kept and the next compared with it; what differs (a new Date, say) is parsed in full.
 */
export class ResponseChecker {
  #known = Buffer.alloc(0);
  #acceptAt = 0;
  readonly #offer: Offer;
  /** What the latest good response says of extensions; null when nothing. */
  extension: string | null = null;

  /** For requests that offer these subprotocols, and compression or not. */
  constructor(subprotocols: readonly string[] = [], deflate = false) {
    this.#offer = { subprotocols, deflate };
  }

  /** Looks at the range as the beginning of what the server sent, for the key whose answer is `accept`. */
  check(bytes: Uint8Array, start: number, end: number, accept: Uint8Array): ResponseCheck {
    if (this.#isKnown(bytes, start, end, accept)) return start + this.#known.length;
    return this.#parse(bytes, start, end, accept);
  }

  #isKnown(bytes: Uint8Array, start: number, end: number, accept: Uint8Array): boolean {
    const known = this.#known;
    const length = known.length;
    if (length === 0 || end - start < length) return false;
    const acceptAt = this.#acceptAt;
    for (let n = 0; n < acceptAt; n += 1) if (bytes[start + n] !== known[n]) return false;
    for (let n = 0; n < acceptBytes; n += 1) if (bytes[start + acceptAt + n] !== accept[n]) return false;
    for (let n = acceptAt + acceptBytes; n < length; n += 1) if (bytes[start + n] !== known[n]) return false;
    return true;
  }

  #parse(bytes: Uint8Array, start: number, end: number, accept: Uint8Array): ResponseCheck {
    const range = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    const begin = endOfInterim(range);
    const length = range.indexOf(headersEnd, begin) + headersEnd.length;
    if (length < headersEnd.length) {
      if (range.length >= longestResponse) return bad(`no end of the headers within ${longestResponse} bytes`);
      if (range.includes('\n\n', begin)) return bad('its lines end without a carriage return');
      return mayBecomeHttp(range.subarray(begin)) ? 'partial' : bad('the answer is not HTTP');
    }
    const response = range.toString('latin1', begin, length);
    const headers = headersOf(response.slice(0, -4));
    if (!(headers instanceof Map)) return headers;
    const wrong = whatIsWrong(headers, Buffer.from(accept).toString('latin1'), this.#offer);
    if (wrong !== null) return wrong;
    this.extension = headers.get(extensions) ?? null;
    this.#known = Buffer.from(range.subarray(begin, length));
    this.#acceptAt = this.#known.indexOf(accept);
    return start + length;
  }
}

/** Where the final answer begins: a server may send others of 1xx before it (RFC 9110, section 15.2). */
function endOfInterim(range: Buffer): number {
  let begin = 0;
  while (/^HTTP\/1\.1 1(?!01)\d\d[ \r]/.test(range.toString('latin1', begin, begin + 13))) {
    const end = range.indexOf(headersEnd, begin);
    if (end < 0) break;
    begin = end + headersEnd.length;
  }
  return begin;
}

function mayBecomeHttp(range: Buffer): boolean {
  // An answer in HTTP/1.0 has a status that tells why, too.
  const wanted = 'HTTP/1.';
  const length = Math.min(range.length, wanted.length);
  return range.toString('latin1', 0, length) === wanted.slice(0, length);
}

function bad(reason: string, cause: FailureCause = 'badHandshake', retryAfterSeconds = 0): BadResponse {
  return { reason: inPrint(reason), cause, retryAfterSeconds };
}

/** What a server says as it can be shown and kept. */
export function inPrint(words: string): string {
  return words.slice(0, wordsMost).replaceAll(/[^\u0020-\u007e]/g, '?');
}

/** The value of the first header of a name; undefined when there is none. */
function valueOf(lines: readonly string[], name: string): string | undefined {
  return lines
    .find((line) => line.toLowerCase().startsWith(`${name}:`))
    ?.slice(name.length + 1)
    .trim();
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function secondsUntil(retryAfter: string | undefined): number {
  if (retryAfter === undefined) return 0;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return seconds > 0 ? seconds : 0;
}

/** What an answer says that is no 101. */
function refusal(status: string, lines: readonly string[]): BadResponse {
  const code = /^HTTP\/1\.[01] ([2-5]\d\d)( |$)/.exec(status)?.[1];
  if (code === undefined) return bad(`the answer to the upgrade is '${status}'`);
  const location = code.startsWith('3') ? valueOf(lines, 'location') : undefined;
  const retryAfter = valueOf(lines, 'retry-after');
  const wait = retryAfter === undefined ? '' : `, with Retry-After '${retryAfter}'`;
  const reason =
    location === undefined
      ? `the answer to the upgrade is '${status}'${wait}`
      : `redirected to '${shownUrl(location)}'`;
  return bad(reason, causeOfStatus(code), secondsUntil(retryAfter));
}

const extensions = 'sec-websocket-extensions';

/** What a request offers. */
interface Offer {
  readonly subprotocols: readonly string[];
  readonly deflate: boolean;
}

/** The headers of a 101 by lower-case name, or what is wrong with it. */
function headersOf(head: string): Map<string, string> | BadResponse {
  const [status = '', ...lines] = head.split('\r\n');
  if (!/^HTTP\/1\.1 101( |$)/.test(status)) return refusal(status, lines);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) return bad(`'${line}' is no header`);
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return headers;
}

function whatIsWrong(headers: ReadonlyMap<string, string>, accept: string, offer: Offer): BadResponse | null {
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return bad("'Upgrade: websocket' is missing");
  const connection = (headers.get('connection') ?? '').toLowerCase().split(',');
  if (!connection.some((token) => token.trim() === 'upgrade')) return bad("'Connection: Upgrade' is missing");
  if (headers.get('sec-websocket-accept') !== accept) {
    return bad('Sec-WebSocket-Accept does not answer the key', 'wrongAccept');
  }
  const extension = headers.get(extensions);
  if (extension !== undefined && !offer.deflate) {
    return bad(`the extension '${extension}' was not offered`, 'unaskedExtension');
  }
  const wrong = extension === undefined ? null : whatIsWrongWith(extension);
  if (wrong !== null) return bad(wrong.reason, wrong.cause);
  const subprotocol = headers.get('sec-websocket-protocol');
  if (subprotocol?.includes(',') === true) return bad(`it chooses more than one subprotocol: '${subprotocol}'`);
  if (subprotocol !== undefined && !offer.subprotocols.includes(subprotocol)) {
    return bad(`the subprotocol '${subprotocol}' was not offered`, 'unaskedSubprotocol');
  }
  return null;
}
