import type { PhaseResultOf } from '../../results/phases/rooms.ts';
import { downsample } from '../../results/statistics/downsample.ts';
import { plainChart } from '../page/charts/chart.ts';
import { html, type Html } from '../page/html.ts';
import { scrollTable } from '../page/scroll-table.ts';
import { wholeNumber, withUnit } from '../units.ts';
import { seriesOf, type ReportRoom, type ShownPhase } from './phase-report.ts';

type Shown = ShownPhase<PhaseResultOf<'broadcast'>>;

/** The most broadcasts listed; all are in result.json. */
const broadcastsListed = 200;

/** Broadcasts: the spread of each, and a row for each. */
export const broadcastReport: ReportRoom<PhaseResultOf<'broadcast'>> = {
  charts: (shown) => [
    {
      ...plainChart,
      id: `chart-${shown.name}-spread`,
      title: `Arrival spread of each ${broadcastIn(shown.name)}`,
      caption: 'Last arrival minus first on one load host; the greatest of the hosts.',
      xLabel: 'broadcast',
      yLabel: 'ms',
      xUnit: '. broadcast (from 0)',
      yUnit: 'ms',
      wholeX: true,
      series: seriesOf(shown, 'both', ({ broadcasts }) =>
        downsample(
          broadcasts.flatMap(({ seq, maxSpreadMicros }) =>
            maxSpreadMicros === null ? [] : [[seq, maxSpreadMicros / 1000] as const],
          ),
        ),
      ),
    },
  ],
  details: broadcastsTable,
};

/** A broadcast, with the name of its phase where a workload has several. */
const broadcastIn = (name: string): string => (name === 'broadcast' ? name : `broadcast of phase ${name}`);

const headings = [
  'no.',
  'published by',
  'received / members',
  'twice',
  'out of order',
  'p50',
  'p99',
  'max',
  'spread',
  'server says',
  'published late',
];

/** Every broadcast: who published it, who received it, how long it took. */
function broadcastsTable({ name, measured }: Shown): Html {
  const all = measured.flatMap(({ title, phase }) => phase.broadcasts.map((broadcast) => ({ title, broadcast })));
  if (all.length === 0) return html``;
  const micros = (value: number | null | undefined): string =>
    value === null || value === undefined ? '-' : withUnit('micros', value);
  const rows = all.slice(0, broadcastsListed).map(
    ({ title, broadcast }) =>
      html`<tr>
        <th scope="row">${title}</th>
        <td>${broadcast.seq}</td>
        <td class="text">${broadcast.publishedBy ?? '-'}</td>
        <td>${wholeNumber(broadcast.received)} / ${wholeNumber(broadcast.members)}</td>
        <td>${broadcast.duplicates}</td>
        <td>${broadcast.outOfOrder ?? '-'}</td>
        <td>${micros(broadcast.latency?.p50Micros)}</td>
        <td>${micros(broadcast.latency?.p99Micros)}</td>
        <td>${micros(broadcast.latency?.maxMicros)}</td>
        <td>${micros(broadcast.maxSpreadMicros)}</td>
        <td>${micros(broadcast.server?.elapsedMicros)}</td>
        <td>${micros(broadcast.publishedLateMicros)}</td>
      </tr>`,
  );
  const title = `Every ${broadcastIn(name)}`;
  return html`<h2>${title}</h2>
    ${scrollTable(title, ['card scroll', 'comparison'], ['server', ...headings], rows)}
    ${all.length > broadcastsListed ? html`<p class="soft">The first ${broadcastsListed} of ${all.length}; all are in result.json.</p>` : ''}`;
}
