import { phaseNames } from '../../../assets/loadgen/workload/phase-kinds.ts';
import { resultRoom } from '../../results/phases/rooms.ts';
import type { RunResult } from '../../results/schema/run-result.ts';
import { compareServers } from '../comparison.ts';
import { colourOf } from './charts/chart.ts';
import { html, type Html } from './html.ts';

interface Card {
  readonly figure: string;
  readonly title: string;
  readonly note: string;
}

/** The figures that most readers come for: memory, and how long each phase's messages take. */
function cardsOf({ parameters: { workload } }: RunResult): readonly Card[] {
  const names = phaseNames(workload);
  return [
    {
      figure: 'serverBytesPerConnection',
      title: 'Server memory per connection',
      note: 'Its own memory, without the kernel. Shorter is better.',
    },
    ...workload.flatMap(({ kind }, place) => {
      const { latency, figures } = resultRoom(kind);
      const first = figures.find(({ key }) => key === 'p99Micros' || key === 'micros99');
      if (first === undefined) return [];
      const name = names[place] ?? kind;
      const title = `${latency.title}, ${first.heading}`;
      return {
        figure: `${name}.${first.key}`,
        title: name === kind ? title : `${title}, phase ${name}`,
        note: `${latency.about} Shorter is better.`,
      };
    }),
    {
      figure: 'serverCpuMicrosPerConnection',
      title: 'Server CPU per connection opened',
      note: 'Accepting it and its handshakes, in the ramp. Shorter is better.',
    },
  ];
}

/** Bars for the figures that most readers come for, with the range over repeats. */
export function atAGlance(result: RunResult): Html {
  const compared = compareServers(result);
  const cards = cardsOf(result).flatMap(({ figure, title, note }) => {
    const column = compared.find((candidate) => candidate.column.name === figure);
    const most = result.servers.reduce((high, server) => Math.max(high, server.figures[figure]?.high ?? 0), 0);
    if (column === undefined || most === 0) return [];
    const rows = result.servers.map((server, index) => {
      const value = server.figures[figure];
      if (value === null || value === undefined) {
        return html`<dt>${server.title}</dt>
          <dd class="track" aria-hidden="true"></dd>
          <dd>-</dd>`;
      }
      const cell = column.cells[index];
      const percent = (amount: number): string => ((100 * amount) / most).toFixed(2);
      const range =
        value.repeats > 1
          ? html`<span
              class="range"
              style="left:${percent(value.low)}%;width:${percent(value.high - value.low)}%"
            ></span>`
          : '';
      return html`<dt>${server.title}</dt>
        <dd class="track" aria-hidden="true">
          <span class="bar" style="width:${percent(value.median)}%;background:var(--s${colourOf(index)})"></span
          >${range}
        </dd>
        <dd>${cell?.suspect === true ? '~' : ''}${cell?.text ?? '-'} ${column.unit.name}</dd>`;
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
