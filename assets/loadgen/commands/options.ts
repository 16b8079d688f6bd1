import { parseArgs } from 'node:util';
import { UsageError } from './exit-codes.ts';

/** An option as tables describe it: one value, several (it may be given more than once), or none. */
export interface OptionDescription {
  readonly kind: 'value' | 'list' | 'flag';
  /** What its value is called in help; empty for a flag. */
  readonly placeholder: string;
  /** One phrase. */
  readonly about: string;
}

/** The names of a table's options of one kind. */
export function optionNames(
  table: Readonly<Record<string, OptionDescription>>,
  kind: OptionDescription['kind'],
): readonly string[] {
  return Object.entries(table).flatMap(([name, option]) => (option.kind === kind ? [name] : []));
}

/** Values of a command line, read and checked one by one; every error names the option, the value and what is wanted. */
export class Options {
  readonly #values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

  /** `lists` are names that may be given more than once. */
  constructor(
    args: readonly string[],
    names: readonly string[],
    flags: readonly string[] = [],
    lists: readonly string[] = [],
  ) {
    const options = Object.fromEntries([
      ...names.map((name) => [name, { type: 'string' as const }]),
      ...flags.map((name) => [name, { type: 'boolean' as const }]),
      ...lists.map((name) => [name, { type: 'string' as const, multiple: true }]),
    ]) as Record<string, { type: 'string' | 'boolean'; multiple?: boolean }>;
    try {
      this.#values = parseArgs({ args: [...args], options, allowPositionals: false, strict: true }).values;
    } catch (error) {
      throw new UsageError((error as Error).message.split('. ')[0] ?? '', { cause: error });
    }
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string {
    const value = this.#values[name];
    if (typeof value !== 'string') throw new UsageError(`--${name} is missing`);
    if (value === '') throw new UsageError(`--${name} is empty`);
    return value;
  }

  /** Every value of an option that may be given more than once. */
  texts(name: string): string[] {
    const values = this.#values[name];
    return Array.isArray(values) ? values.map(String) : [];
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  /** A number between two others, such as 20000 or 20k, or the default. */
  number(name: string, least: number, most: number, otherwise?: number): number {
    if (!this.has(name) && otherwise !== undefined) return otherwise;
    const value = this.text(name);
    const number = numberOf(value);
    if (!(number >= least && number <= most)) {
      throw new UsageError(`--${name} must be a number from ${least} to ${most}, got '${value}'`);
    }
    return number;
  }

  /** A whole number between two others, or the default. */
  integer(name: string, least: number, most: number, otherwise?: number): number {
    const number = this.number(name, least, most, otherwise);
    if (!Number.isInteger(number)) throw new UsageError(`--${name} must be a whole number, got '${this.text(name)}'`);
    return number;
  }

  /** Values separated by commas, each checked. */
  list(name: string, isValid: (value: string) => boolean, wanted: string): readonly string[] {
    const values = this.text(name).split(',');
    for (const value of values) {
      if (!isValid(value)) throw new UsageError(`--${name} must be ${wanted}, separated by commas; got '${value}'`);
    }
    return values;
  }
}

const thousands: Readonly<Record<string, number>> = { k: 1e3, K: 1e3, M: 1e6 };

/** The number that a text is, with its ending `k` or `M`; NaN for anything else. */
function numberOf(text: string): number {
  const factor = thousands[text.at(-1) ?? ''];
  const digits = factor === undefined ? text : text.slice(0, -1);
  if (digits.trim() === '') return NaN;
  // As decimals are written: 1.1 times 1 000 000 is not quite 1 100 000.
  return Number((Number(digits) * (factor ?? 1)).toPrecision(15));
}

/** Whether a text is a TCP port's number. */
export function isPort(value: string): boolean {
  return /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65535;
}

/** A range of local ports, `FIRST-LAST`. */
export function portRange(value: string): { readonly first: number; readonly last: number } {
  const [first = '', last = ''] = value.split('-');
  if (!isPort(first) || !isPort(last) || Number(first) > Number(last)) {
    throw new UsageError(`--local-ports must be a range such as 1024-65535, got '${value}'`);
  }
  return { first: Number(first), last: Number(last) };
}
