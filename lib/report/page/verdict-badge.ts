import { html, type Html } from './html.ts';

/** A coloured word; the word says it without the colour. */
export function badge(word: string, kind: 'good' | 'warn' | 'bad'): Html {
  return html`<span class="badge ${kind}">${word}</span>`;
}

/** A verdict's word in the colour that it deserves. */
export function verdictBadge(word: string): Html {
  if (word.startsWith('valid')) return badge(word, 'good');
  return badge(word, /^(INVALID|failed)/.test(word) ? 'bad' : 'warn');
}
