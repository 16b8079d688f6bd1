import type { ComparedFigures, RunResult } from '../../results/schema/run-result.ts';
import { compareServers } from '../comparison.ts';
import { html, type Html } from './html.ts';

const shown: readonly { readonly figure: keyof ComparedFigures; readonly title: string; readonly note: string }[] = [
  {
    figure: 'serverBytesPerConnection',
    title: 'Server memory a connection',
    note: 'Its own memory, without the kernel. Shorter is better.',
  },
  {
    figure: 'broadcastP99Micros',
    title: 'Broadcast to everyone, p99',
    note: 'From the due time to arrival at 99 of 100 members. Shorter is better.',
  },
  {
    figure: 'serverRampCpuSeconds',
    title: 'Server CPU for all connections',
    note: 'Processor time in the ramp. Shorter is better.',
  },
];

/** Bars for the three figures that most readers come for, with the range over repeats. */
export function atAGlance(result: RunResult): Html {
  const compared = compareServers(result);
  const cards = shown.flatMap(({ figure, title, note }) => {
    const column = compared.find((candidate) => candidate.column.figure === figure);
    const most = result.servers.reduce((high, server) => Math.max(high, server.figures[figure]?.high ?? 0), 0);
    if (column === undefined || most === 0) return [];
    const rows = result.servers.flatMap((server, index) => {
      const value = server.figures[figure];
      if (value === null) return [];
      const cell = column.cells[index];
      const percent = (amount: number): string => ((100 * amount) / most).toFixed(2);
      const range =
        value.repeats > 1
          ? html`<span
              class="range"
              style="left:${percent(value.low)}%;width:${percent(value.high - value.low)}%"
            ></span>`
          : '';
      return [
        html`<dt>${server.title}</dt>
          <dd class="track" aria-hidden="true">
            <span class="bar" style="width:${percent(value.median)}%;background:var(--s${index % 8})"></span>${range}
          </dd>
          <dd>${cell?.suspect === true ? '~' : ''}${cell?.text ?? '-'} ${column.unit.name}</dd>`,
      ];
    });
    return [
      html`<section class="card">
        <h3>${title}</h3>
        <dl class="bars">${rows}</dl>
        <p class="soft" style="margin:12px 0 0">${note}</p>
      </section>`,
    ];
  });
  return cards.length === 0 ? html`` : html`<div class="grid">${cards}</div>`;
}
