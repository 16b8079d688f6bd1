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

/** The heading of a column of words. */
export function textHeading(text: string): Html {
  return html`<th scope="col" class="text">${text}</th>`;
}
