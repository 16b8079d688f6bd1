import { wholeNumber } from '../../assets/loadgen/measure/whole-number.ts';
import type { Quantity } from '../results/phases/phase-room.ts';

/** A unit that figures of one kind are shown in: how many of the base unit it is, and its name. */
export interface Unit {
  readonly factor: number;
  readonly name: string;
}

const units: Readonly<Record<Quantity, readonly Unit[]>> = {
  micros: [
    { factor: 1e6, name: 's' },
    { factor: 1e3, name: 'ms' },
    { factor: 1, name: 'µs' },
  ],
  bytes: [
    { factor: 1e9, name: 'GB' },
    { factor: 1e6, name: 'MB' },
    { factor: 1e3, name: 'kB' },
    { factor: 1, name: 'B' },
  ],
  seconds: [
    { factor: 1, name: 's' },
    { factor: 1e-3, name: 'ms' },
  ],
  count: [{ factor: 1, name: '' }],
};

export { wholeNumber };

/** What the greatest value may read at most in a unit before the next greater one is taken, even if the smallest then reads 0.04. */
const mostReading = 10_000;

/** The greatest unit in which the smallest of the values (zeros aside) reads 1 at least: one unit for all that are compared. */
export function unitFor(quantity: Quantity, values: readonly number[]): Unit {
  const positive = values.filter((value) => value > 0);
  const smallest = positive.reduce((least, value) => Math.min(least, value), Infinity);
  const greatest = positive.reduce((most, value) => Math.max(most, value), 0);
  const candidates = units[quantity];
  const fallback = candidates.at(-1) ?? { factor: 1, name: '' };
  if (positive.length === 0) return candidates.find(({ factor }) => factor <= 1) ?? fallback;
  const fits = ({ factor }: Unit, place: number): boolean =>
    smallest / factor >= 1 || greatest / (candidates[place + 1]?.factor ?? factor) > mostReading;
  return candidates.find(fits) ?? fallback;
}

/** A number of things with their noun: 1 broadcast, 3 broadcasts. */
export function counted(count: number, noun: string): string {
  return `${wholeNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Text that a page must not break at its spaces, such as a number with its unit. */
export function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** A number with three significant digits, and thousands in groups. */
export function threeDigits(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value === 0) return '0';
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return grouped(value, Math.min(decimals, 6));
}

/**
 * A number with no more digits than the repeats justify: the last one stands where half their range begins. Without a
 * range, three significant digits.
 */
export function digitsWithin(value: number, halfRange: number): string {
  if (!(halfRange > 0)) return threeDigits(value);
  const decimals = Math.max(0, -Math.floor(Math.log10(halfRange)));
  const own = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return grouped(value, Math.min(decimals, own, 6));
}

/** Half the range of repeats with no more decimals than its value has beside it; 0 where it is less than the value's last digit. */
export function halfRangeOf(value: number, halfRange: number): string {
  const own = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value === 0 || halfRange >= 0.5 * 10 ** -own ? digitsWithin(halfRange, halfRange) : '0';
}

/** One value with its own unit, such as 3.62 ms. */
export function withUnit(quantity: Quantity, value: number): string {
  const { factor, name } = unitFor(quantity, [Math.abs(value)]);
  const text = quantity === 'count' ? wholeNumber(value) : threeDigits(value / factor);
  return name === '' ? text : `${text} ${name}`;
}

/** The same of a value that may not be known: then null. */
export function knownWithUnit(quantity: Quantity, value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : withUnit(quantity, value);
}

/** A day and time of UTC, to the minute. */
export function utcMinute(unixMillis: number): string {
  return `${new Date(unixMillis).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function grouped(value: number, decimals: number): string {
  const [whole = '', fraction] = Math.abs(value).toFixed(decimals).split('.');
  const text = `${value < 0 ? '-' : ''}${wholeNumber(Number(whole))}`;
  return fraction === undefined ? text : `${text}.${fraction}`;
}
