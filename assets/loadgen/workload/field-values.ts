import type { Field, FieldUnit } from './phase-kinds.ts';

const thousands: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6 };
const binary: Readonly<Record<string, number>> = { ...thousands, B: 1, kB: 1e3, KiB: 1024, MB: 1e6, MiB: 1024 * 1024 };
const times: Readonly<Record<string, number>> = { '': 1, ms: 0.001, s: 1, min: 60, h: 3600 };

/** How values of each unit are written: a number, then one of these endings. */
const endings: Readonly<Record<FieldUnit, Readonly<Record<string, number>>>> = {
  count: thousands,
  perSecond: { ...thousands, '/s': 1, 'k/s': 1e3, 'M/s': 1e6 },
  seconds: times,
  bytes: binary,
  percent: { '': 1, '%': 1 },
};

const canonicalEnding: Readonly<Record<FieldUnit, string>> = {
  count: '',
  perSecond: '/s',
  seconds: 's',
  bytes: '',
  percent: '%',
};

/** Reads a value as it is written in the text form; null when it is none of the field. Bounds are not checked here. */
export function readValue(field: Field, text: string): number | string | null {
  if (field.unit === 'choice') return field.choices.includes(text) ? text : null;
  const [, digits = '', ending = ''] = /^(\d{1,9}(?:\.\d{1,6})?)([A-Za-z/%]*)$/.exec(text) ?? [];
  const factor = endings[field.unit][ending];
  if (digits === '' || factor === undefined) return null;
  // As decimals are written: 0.001 times 100 is not quite 0.1.
  return Number((Number(digits) * factor).toPrecision(12));
}

/** A value as the text form has it, in one way only. */
export function writeValue(field: Field, value: number | string): string {
  return field.unit === 'choice' ? String(value) : `${value}${canonicalEnding[field.unit]}`;
}

/** What a field takes, for errors and help: `0.001/s to 10000000/s`. */
export function describeBounds(field: Field): string {
  if (field.unit === 'choice') return field.choices.join(' or ');
  return `${writeValue(field, field.least)} to ${writeValue(field, field.most)}`;
}

/** Whether a field takes a value: a number within its bounds, with no more decimals than the text form keeps, or one of its words. */
export function takes(field: Field, value: unknown): value is number | string {
  if (field.unit === 'choice') return field.choices.some((choice) => choice === value);
  const whole = field.unit === 'count' || field.unit === 'bytes';
  return (
    typeof value === 'number' &&
    value >= field.least &&
    value <= field.most &&
    (whole ? Number.isInteger(value) : /^\d+(\.\d{1,6})?$/.test(`${value}`))
  );
}
