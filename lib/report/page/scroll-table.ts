import { html, type Html } from './html.ts';

/** A table that scrolls by itself. `classes` are those of its frame and its table; a heading that is text stands above figures. */
export function scrollTable(
  label: string,
  classes: readonly [frame: 'card scroll' | 'scroll', table: 'comparison' | ''],
  headings: readonly (string | Html)[],
  rows: readonly Html[],
): Html {
  return html`<div class="${classes[0]}" tabindex="0" role="region" aria-label="${label}">
    <table class="${classes[1]}">
      <thead>
        <tr>
          ${headings.map((heading) => (typeof heading === 'string' ? html`<th scope="col">${heading}</th>` : heading))}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** A column of a table: what it says of each row, null for nothing; a figure where it is not text. */
export interface Column<Row> {
  readonly heading: string;
  readonly of: (row: Row) => string | null;
  readonly text?: 'text' | 'prose';
}

/** A table that scrolls by itself, a row for each of `rows`, named by the first column; columns that say nothing of any are left out. */
export function columnsTable<Row>(label: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  const shown = columns.filter(({ of }) => rows.some((row) => of(row) !== null));
  const lines = rows.map(
    (row) =>
      html`<tr>
        ${shown.map(({ of, text }, index) =>
          index === 0
            ? html`<th scope="row">${of(row) ?? '-'}</th>`
            : html`<td class="${text ?? ''}">${of(row) ?? '-'}</td>`,
        )}
      </tr>`,
  );
  const headings = shown.map(({ heading, text }) => (text === undefined ? heading : textHeading(heading)));
  return scrollTable(label, ['card scroll', 'comparison'], headings, lines);
}

/** The heading of a column of words. */
export function textHeading(text: string): Html {
  return html`<th scope="col" class="text">${text}</th>`;
}
