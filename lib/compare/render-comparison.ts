import { textTable } from '../text/text-table.ts';
import { figureTexts, unitOf } from '../report/comparison.ts';
import type { Unit } from '../text/units.ts';
import type { ComparedFigure } from '../results/compared-figures.ts';
import type { Repeated, RunResult } from '../results/schema/run-result.ts';
import type { ComparedRow, Difference } from './compare-runs.ts';

/** The comparison of runs for a terminal: a table for each server, a row for each figure, the first run as the base. */
export function renderComparison(rows: readonly ComparedRow[], runs: readonly RunResult[]): string {
  const differInTls = new Set(runs.map(({ parameters }) => parameters.tls)).size > 1;
  const names = runs.map((run, place) => {
    const way = differInTls ? (run.parameters.tls ? ', over TLS' : ', plain text') : '';
    return `${letterOf(place)} = ${run.runId}${versionOf(run)}${way}`;
  });
  const servers = [...new Set(rows.map(({ server }) => server))];
  const tables = servers.flatMap((server) => ['', ...tableOf(server, rows, runs)]);
  return `${[...names, ...tables, '', ...legend(rows)].join('\n')}\n`;
}

function versionOf({ gitCommit, versions }: RunResult): string {
  const parts = [versions['c1mlab'] ?? '', gitCommit ?? ''].filter((part) => part !== '');
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function letterOf(place: number): string {
  return String.fromCodePoint('A'.codePointAt(0)! + place);
}

function tableOf(server: string, all: readonly ComparedRow[], runs: readonly RunResult[]): readonly string[] {
  const rows = all.filter((row) => row.server === server && row.values.some((value) => value !== null));
  const later = runs.slice(1);
  const head = [
    server,
    '',
    ...runs.map((_run, place) => letterOf(place)),
    ...later.map((_run, n) => `${letterOf(n + 1)}/A`),
  ];
  const body = rows.map(({ figure, values, differences }) => {
    const unit = unitOf(figure, all);
    return [
      `${figure.group} ${figure.heading}`,
      unit.name,
      ...values.map((value) => cellOf(value, unit, figure)),
      ...differences.map(differenceText),
    ];
  });
  return textTable(
    [head, ...body],
    ['left', 'left', ...runs.map(() => 'right' as const), ...later.map(() => 'right' as const)],
  );
}

function cellOf(value: Repeated | null, unit: Unit, figure: ComparedFigure): string {
  if (value === null) return '-';
  const { text, halfRange } = figureTexts(figure, unit, value);
  return halfRange === null || figure.quantity === 'count' ? text : `${text} ±${halfRange}`;
}

function differenceText(difference: Difference | null): string {
  if (difference === null || difference.share === null) return '-';
  const percent = 100 * difference.share;
  const text = `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`;
  return { larger: `${text} !`, within: `${text} =`, unknown: `${text} ?` }[difference.significance];
}

function legend(rows: readonly ComparedRow[]): readonly string[] {
  const met = new Set(rows.flatMap(({ differences }) => differences.map((difference) => difference?.significance)));
  return [
    '±  half the range over the repeats',
    ...(met.has('larger') ? ['!  the difference is larger than the range of the repeats'] : []),
    ...(met.has('within') ? ['=  no difference: the ranges of the repeats overlap'] : []),
    ...(met.has('unknown') ? ['?  cannot be judged: a run has a single valid repeat (use --repeats)'] : []),
  ];
}
