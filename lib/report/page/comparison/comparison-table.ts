import type { RunResult, ServerSummary } from '../../../results/schema/run-result.ts';
import { compareServers, verdictOf, type Cell, type ComparedColumn } from '../../comparison.ts';
import { colourOf } from '../charts/chart.ts';
import { html, type Html } from '../html.ts';
import { verdictBadge } from '../verdict-badge.ts';

/** What a comparison shows other than every figure of a run. */
export interface ComparisonOptions {
  /** @default - every column */
  readonly columns?: readonly ComparedColumn[];
  /** Where the figures of a server lead: an address within the page. @default - nowhere */
  readonly linkOf?: (server: ServerSummary) => string;
}

/**
 * The comparison of servers: the same figures as in the terminal. Headers sort the rows by their column; the verdict stands below the
 * server's name, in the column that stays in view.
 */
export function comparisonTable(result: RunResult, options: ComparisonOptions = {}): Html {
  const { columns = compareServers(result), linkOf } = options;
  return html`<div class="card scroll" tabindex="0" role="region" aria-label="Comparison of servers">
    <table class="comparison sortable">
      <thead>
        <tr>
          <th></th>
          ${groupHeaders(columns)}
        </tr>
        <tr>
          <th scope="col"><button type="button">server</button></th>
          ${columns.map(
            ({ column, unit }, index) =>
              html`<th scope="col" class="${edge(columns, index)}" data-better="${column.better ?? 'less'}">
                <button type="button" title="${column.about}">
                  ${column.heading}${unit.name === '' ? '' : ` ${unit.name}`}
                </button>
              </th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${result.servers.map((server, row) => serverRow(result, columns, server, row, linkOf?.(server) ?? null))}
      </tbody>
    </table>
  </div>`;
}

function groupHeaders(columns: readonly ComparedColumn[]): readonly Html[] {
  return columns.flatMap(({ column }, index) =>
    edge(columns, index) === ''
      ? []
      : [
          html`<th
            class="group text"
            colspan="${columns.filter((other) => other.column.group === column.group).length}"
            scope="colgroup"
          >
            ${column.group}
          </th>`,
        ],
  );
}

/** The class of a cell that begins a group of columns. */
function edge(columns: readonly ComparedColumn[], index: number): '' | 'group' {
  return columns[index - 1]?.column.group === columns[index]?.column.group ? '' : 'group';
}

function serverRow(
  result: RunResult,
  columns: readonly ComparedColumn[],
  server: ServerSummary,
  row: number,
  link: string | null,
): Html {
  const language = result.measurements.find((measurement) => measurement.server === server.server)?.language ?? '';
  const cells = columns.map(({ column, cells: all }, index) => {
    const cell = all[row];
    const classes = [edge(columns, index), cell?.best === true ? 'best' : '', cell?.suspect === true ? 'suspect' : ''];
    return html`<td class="${classes.join(' ').trim()}" data-value="${server.figures[column.name]?.median ?? ''}">
      ${cell === undefined ? '-' : figureOf(cell, link)}
    </td>`;
  });
  return html`<tr data-language="${language}">
    <th scope="row" data-value="${row}">
      <span class="key" style="background:var(--s${colourOf(row)})"></span>${server.title}
      <div class="verdict">${verdictBadge(verdictOf(server, result).word)}</div>
    </th>
    ${cells}
  </tr>`;
}

function figureOf({ text, halfRange, suspect, timesFloor }: Cell, link: string | null): Html {
  const shown = `${suspect ? '~' : ''}${text}`;
  return html`${link === null ? shown : html`<a href="${link}">${shown}</a>`}${halfRange === null ? '' : html`<span class="plus">±${halfRange}</span>`}${timesFloor === null ? '' : html`<span class="plus">${timesFloor} × floor</span>`}`;
}
