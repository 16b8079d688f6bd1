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
