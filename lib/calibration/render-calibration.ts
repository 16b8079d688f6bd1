import { textTable } from '../text/text-table.ts';
import { threeDigits, unitFor, withUnit, wholeNumber } from '../text/units.ts';
import type { CalibrationRecord } from './calibration-record.ts';
import type { Comparison } from './compare/comparison.ts';

const headings = ['behaviour', 'figure', 'declared', 'truth', 'measured', 'error', '%', 'may be', ''] as const;

/** A calibration as a table for a terminal: what was claimed against what was measured; ends with a newline. */
export function renderCalibration(record: CalibrationRecord): string {
  const cases = [...new Set(record.comparisons.map((one) => one.case))].map((name) => ({
    name,
    rows: record.comparisons.filter((one) => one.case === name).map(cellsOf),
  }));
  const align = headings.map((_, column) => (column < 2 || column === headings.length - 1 ? 'left' : 'right'));
  const lines = textTable([headings, ...cases.flatMap(({ rows }) => rows)], align).map((line) => `  ${line}`);
  const head = lines.shift() ?? '';
  const blocks = cases.flatMap(({ name, rows }) => [name, ...lines.splice(0, rows.length)]);
  const notes = record.notes.map((note) => `note: ${note}`);
  return [
    head,
    ...blocks,
    '',
    'declared: what the server was told to do; truth: what it did by its own clock; error: measured minus truth.',
    ...notes,
    `${verdictWords[record.outcome]}: ${record.summary}`,
    '',
  ].join('\n');
}

const verdictWords = { passed: 'PASSED', failed: 'FAILED', invalid: 'INVALID' } as const;
const outcomeWords = { pass: 'ok', fail: 'WRONG', busy: 'too busy to tell' } as const;

function cellsOf(one: Comparison): readonly string[] {
  const { nominal, claimed, measured, error, errorPercent, tolerance, unit } = one;
  return [
    one.behaviour,
    one.quantity,
    valueOf(unit, nominal),
    valueOf(unit, claimed),
    valueOf(unit, measured),
    error === null ? '-' : `${error > 0 ? '+' : ''}${unit === 'count' ? wholeNumber(error) : withUnit(unit, error)}`,
    errorPercent === null ? '' : errorPercent.toFixed(2),
    tolerance === 0 ? 'exact' : `±${withUnit(unit, tolerance)}`,
    outcomeWords[one.outcome],
  ];
}

/** A value with its unit; times and bytes with a digit more than elsewhere, because they are compared. */
function valueOf(unit: Comparison['unit'], value: number | null): string {
  if (value === null) return '-';
  if (unit === 'count') return wholeNumber(value);
  if (value === 0) return `0 ${unit === 'micros' ? 'ms' : 'B'}`;
  const { factor, name } = unitFor(unit, [Math.abs(value)]);
  return `${unit === 'micros' ? (value / factor).toFixed(factor === 1 ? 0 : 2) : threeDigits(value / factor)} ${name}`;
}
