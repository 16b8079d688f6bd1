/** Where a message of the user's own says when it was sent. Plain data: load processes get it as JSON. */
export interface Stamp {
  /** `json`: the first field of that name; `pattern`: the first group of that regular expression. */
  readonly kind: 'json' | 'pattern';
  readonly expression: string;
  readonly unit: StampUnit;
  /** Whether the server has this host's clock. */
  readonly sharesClock: boolean;
}

const microsPerUnit = { 'unix-s': 1e6, 'unix-ms': 1e3, 'unix-us': 1, 'unix-ns': 1e-3 } as const;

/** How the time is written. */
export type StampUnit = keyof typeof microsPerUnit | 'iso';

/** Every {@link StampUnit}. */
export const stampUnits: readonly StampUnit[] = [...(Object.keys(microsPerUnit) as StampUnit[]), 'iso'];

/** What is missing where a stamp was asked for and timed none of the messages that a server pushed; null where it timed one. */
export function untimed(messages: number, timed: number): string | null {
  if (timed > 0) return null;
  if (messages === 0) return 'the server pushed no message that --stamp could time';
  return `--stamp found a time of the last 35 minutes in none of ${messages} pushed messages`;
}

/** So much of a message is looked at: one that comes in pieces has 256 bytes to be looked at. */
const lookedAtMost = 4096;

/** Reads the times that messages carry. */
export class StampReader {
  readonly #pattern: RegExp;
  readonly #unit: StampUnit;

  /** Throws SyntaxError for a pattern that is none. */
  constructor({ kind, expression, unit }: Omit<Stamp, 'sharesClock'>) {
    const escaped = expression.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    this.#pattern = new RegExp(kind === 'json' ? `"${escaped}"\\s*:\\s*"?([^",}\\]\\s]+)` : expression);
    this.#unit = unit;
  }

  /** When a message says that it was sent: microseconds since 1970; NaN when it does not. */
  read(bytes: Uint8Array, start: number, end: number): number {
    const length = Math.min(end - start, lookedAtMost);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString();
    const value = this.#pattern.exec(text)?.[1];
    if (value === undefined || value === '') return Number.NaN;
    return this.#unit === 'iso' ? Date.parse(value) * 1000 : Number(value) * microsPerUnit[this.#unit];
  }
}
