/** Messages that were compressed, one way. */
export interface CompressionRaw {
  readonly messages: number;
  /** Bytes of their payloads, compressed. */
  readonly wireBytes: number;
  /** The same inflated. */
  readonly bytes: number;
  /** Time that this took the load process, microseconds: a part of its CPU. */
  readonly micros: number;
}

/** Counts messages one way. */
export class CompressionCounts {
  #messages = 0;
  #wireBytes = 0;
  #bytes = 0;
  #micros = 0;

  /** Another message. */
  add(wireBytes: number, bytes: number): void {
    this.#messages += 1;
    this.#wireBytes += wireBytes;
    this.#bytes += bytes;
  }

  /** zlib has worked for so long. */
  took(micros: number): void {
    this.#micros += micros;
  }

  raw(): CompressionRaw {
    return {
      messages: this.#messages,
      wireBytes: this.#wireBytes,
      bytes: this.#bytes,
      micros: Math.round(this.#micros),
    };
  }
}

/** What came of the offer to compress; absent where none was made. */
export interface DeflateRaw {
  readonly offered: string;
  /** The first answer that accepted it; null when none did. */
  readonly answered: string | null;
  /** Connections, ever. */
  readonly accepted: number;
  readonly declined: number;
  readonly received: CompressionRaw;
  readonly sent: CompressionRaw;
}

/** What several processes compressed, added; null for none. */
export function addDeflate(all: readonly DeflateRaw[]): DeflateRaw | null {
  const [first] = all;
  if (first === undefined) return null;
  const sum = (of: (raw: DeflateRaw) => number): number => all.reduce((total, raw) => total + of(raw), 0);
  const way = (of: (raw: DeflateRaw) => CompressionRaw): CompressionRaw => ({
    messages: sum((raw) => of(raw).messages),
    wireBytes: sum((raw) => of(raw).wireBytes),
    bytes: sum((raw) => of(raw).bytes),
    micros: sum((raw) => of(raw).micros),
  });
  return {
    offered: first.offered,
    answered: all.find(({ answered }) => answered !== null)?.answered ?? null,
    accepted: sum(({ accepted }) => accepted),
    declined: sum(({ declined }) => declined),
    received: way(({ received }) => received),
    sent: way(({ sent }) => sent),
  };
}
