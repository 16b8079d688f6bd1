/** HTML that needs no escaping any more. */
export interface Html {
  readonly html: string;
}

type Inserted = string | number | Html | readonly (string | number | Html)[];

/** HTML from a template: every text put into it is escaped, other HTML is not, lists are joined. */
export function html(strings: TemplateStringsArray, ...values: readonly Inserted[]): Html {
  return { html: strings.reduce((text, part, index) => text + insert(values[index - 1] ?? '') + part) };
}

/** Text as HTML shows it, in elements and in quoted attributes. */
function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/**
 * Data as JSON that may stand in a script element: no `<` remains, so that nothing in the data can end the element or begin a comment in it.
 */
export function jsonForScript(data: unknown): Html {
  return {
    html: JSON.stringify(data)
      .replaceAll('<', String.raw`\u003c`)
      .replaceAll('\u2028', String.raw`\u2028`)
      .replaceAll('\u2029', String.raw`\u2029`),
  };
}

/** Text that is HTML (or a script or style sheet) already. Never for what comes from a run. */
export function trusted(text: string): Html {
  return { html: text };
}

function insert(value: Inserted): string {
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  if ('html' in value) return value.html;
  return value.map((part) => insert(part)).join('');
}
