import { deflateOffer } from '../deflate/extension.ts';
import { allocate, type Memory } from '../kernel/libc.ts';
import { ResponseChecker, upgradeRequest, type UpgradeRequest } from '../websocket/handshake.ts';
import type { FailureCause } from '../raw.ts';
import type { Key } from '../websocket/keys.ts';
import { RequestValues } from '../websocket/request-values.ts';
import { endpointsOf, type Target } from './target.ts';

/** Bytes of unfinished answers that all connections of a process may have together. */
const partialMost = 16 * 2 ** 20;

/** The handshakes of many connections: a request a server port, a key a connection, and the answers, however they are cut up. */
export class Upgrades {
  readonly #requests: readonly (UpgradeRequest & { readonly memory: Memory })[];
  // What each connection has of its own in its request, if anything.
  readonly #values: RequestValues | null;
  readonly #keys: readonly Buffer[];
  readonly #accepts: readonly Buffer[];
  readonly #checker: ResponseChecker;
  readonly #keyOf: Uint8Array;
  readonly #partial = new Map<number, Buffer>();
  #partialBytes = 0;
  #nextKey = 0;
  /** Bytes of the latest request. */
  length = 0;

  /** For descriptors below `size`, and connections from number `first` of the host on. */
  constructor(target: Target, keys: readonly Key[], size: number, first: number, count: number) {
    this.#keys = keys.map(({ key }) => Buffer.from(key));
    this.#accepts = keys.map(({ accept }) => Buffer.from(accept));
    this.#keyOf = new Uint8Array(size);
    this.#checker = new ResponseChecker(target.subprotocols, target.deflate);
    const { headerValues = [], headers = [], deflate = false } = target;
    const lines = deflate ? [...headers, `Sec-WebSocket-Extensions: ${deflateOffer}`] : headers;
    this.#values = headerValues.length === 0 ? null : new RequestValues(headerValues, first, count);
    this.#requests = endpointsOf(target).map(({ address, port }) => {
      const host = target.hostName ?? hostOf(address);
      const authority = port === target.defaultPort ? host : `${host}:${port}`;
      const request = upgradeRequest(authority, target.path, lines);
      const memory = allocate(request.text.length + (this.#values?.longest ?? 0));
      memory.bytes.write(request.text, 'latin1');
      return { ...request, memory };
    });
  }

  /** Gives a new connection its key. */
  begin(fd: number): void {
    this.#keyOf[fd] = this.#nextKey;
    this.#nextKey = (this.#nextKey + 1) % this.#keys.length;
  }

  /** What the latest answer that opened a connection says of compression; null when nothing. */
  get extension(): string | null {
    return this.#checker.extension;
  }

  /** The request of a connection, of {@link length} bytes; valid until the next call. */
  request(fd: number, serverPort: number, connection: number): Memory {
    const { memory, text, keyOffset, headersEnd } = this.#requests[serverPort]!;
    const key = this.#keys[this.#keyOf[fd]!]!;
    // A loop over 24 bytes is cheaper than a call of set().
    for (let n = 0; n < key.length; n += 1) memory.bytes[keyOffset + n] = key[n]!;
    this.length = text.length;
    if (this.#values !== null) {
      const end = this.#values.write(connection, memory.bytes, headersEnd);
      this.length = end + memory.bytes.write('\r\n', end, 'latin1');
    }
    return memory;
  }

  /** Takes more of the answer. */
  take(fd: number, bytes: Buffer, start: number, end: number): UpgradeOutcome {
    const earlier = this.#partial.get(fd);
    const from = earlier === undefined ? bytes : Buffer.concat([earlier, bytes.subarray(start, end)]);
    const first = earlier === undefined ? start : 0;
    const last = earlier === undefined ? end : from.length;
    const check = this.#checker.check(from, first, last, this.#accepts[this.#keyOf[fd]!]!);
    this.forget(fd);
    if (check === 'partial') {
      this.#partialBytes += last - first;
      if (this.#partialBytes > partialMost) {
        this.#partialBytes -= last - first;
        return bad;
      }
      this.#partial.set(fd, Buffer.from(from.subarray(first, last)));
      return partial;
    }
    if (typeof check !== 'number') return { ...bad, ...check };
    if (check === last) return open;
    return { ...open, rest: from.subarray(check, last) };
  }

  /** Drops what a connection that is gone had received. */
  forget(fd: number): void {
    const earlier = this.#partial.get(fd);
    if (earlier === undefined) return;
    this.#partialBytes -= earlier.length;
    this.#partial.delete(fd);
  }
}

/** An address as a host of a URL or header. */
function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** What an answer to an upgrade came to; `rest` is what came after it, if anything. */
export interface UpgradeOutcome {
  readonly state: 'open' | 'partial' | 'bad';
  /** Why it is bad, by name and in words. */
  readonly cause: FailureCause;
  readonly reason: string;
  readonly retryAfterSeconds: number;
  readonly rest: Buffer | null;
}

// The same objects for every connection: nothing is allocated for an answer that comes whole.
const nothing = {
  cause: 'badHandshake',
  reason: 'the answers were too long',
  retryAfterSeconds: 0,
  rest: null,
} as const;
const open: UpgradeOutcome = { state: 'open', ...nothing };
const partial: UpgradeOutcome = { state: 'partial', ...nothing };
const bad: UpgradeOutcome = { state: 'bad', ...nothing };
