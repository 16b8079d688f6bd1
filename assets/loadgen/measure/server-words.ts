import type { FailureCause } from '../raw.ts';
import { inPrint } from '../websocket/handshake.ts';

/** What a server said of failures and closes, the first of each kind in words. Absent in the files of earlier versions. */
export interface ServerWordsRaw {
  /** By cause: what was wrong with the first such answer or frame, for a redirect where to. */
  readonly failures: Readonly<Record<string, string>>;
  /** Close frames on connections that had not been said goodbye to. */
  readonly closes: readonly CloseCount[];
}

/** How often a server closed with one code. */
export interface CloseCount {
  /** 1005 stands for none (RFC 6455, section 7.4.1). */
  readonly code: number;
  readonly count: number;
  /** The first reason that it gave with it, if any. */
  readonly reason: string;
}

/** Names of the codes that have one: RFC 6455, section 7.4.1, and IANA's registry. */
export const closeCodeNames: Readonly<Record<number, string>> = {
  1000: 'normal',
  1001: 'going away',
  1002: 'protocol error',
  1003: 'unsupported data',
  1005: 'no code',
  1007: 'invalid payload',
  1008: 'policy violation',
  1009: 'message too big',
  1010: 'extension missing',
  1011: 'internal error',
  1012: 'service restart',
  1013: 'try again later',
  1014: 'bad gateway',
};

/** Keeps what a server says of failures and closes: one sentence for each cause and code, of which there are some thousand at most. */
export class ServerWords {
  readonly #failures = new Map<FailureCause, string>();
  readonly #closes = new Map<number, { count: number; reason: string }>();

  /** An attempt failed by its answer, or a connection was lost by what the server sent. */
  failed(cause: FailureCause, reason: string): void {
    if (!this.#failures.has(cause)) this.#failures.set(cause, reason);
  }

  /** It closed a connection; the range is its reason. */
  closed(code: number, bytes: Uint8Array, start: number, end: number): void {
    const known = this.#closes.get(code);
    if (known !== undefined) known.count += 1;
    else this.#closes.set(code, { count: 1, reason: inPrint(Buffer.from(bytes.subarray(start, end)).toString()) });
  }

  raw(): ServerWordsRaw {
    return {
      failures: Object.fromEntries(this.#failures),
      closes: [...this.#closes].map(([code, close]) => ({ code, ...close })),
    };
  }
}

/** What several processes heard, added. */
export function addServerWords(all: readonly ServerWordsRaw[]): ServerWordsRaw {
  const byCode = Map.groupBy(
    all.flatMap(({ closes }) => closes),
    ({ code }) => code,
  );
  return {
    failures: Object.assign({}, ...all.map(({ failures }) => failures)) as Readonly<Record<string, string>>,
    closes: [...byCode]
      .map(([code, parts]) => ({
        code,
        count: parts.reduce((sum, { count }) => sum + count, 0),
        reason: parts.find(({ reason }) => reason !== '')?.reason ?? '',
      }))
      .toSorted((a, b) => b.count - a.count),
  };
}
