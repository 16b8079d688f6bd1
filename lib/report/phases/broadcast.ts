import type { PhaseResultOf } from '../../results/phases/rooms.ts';
import { downsample } from '../../results/statistics/downsample.ts';
import { plainChart } from '../page/charts/chart.ts';
import { html, type Html } from '../page/html.ts';
import { columnsTable, type Column } from '../page/scroll-table.ts';
import { knownWithUnit, wholeNumber } from '../../text/units.ts';
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

type Row = PhaseResultOf<'broadcast'>['broadcasts'][number] & { readonly title: string };

const columns: readonly Column<Row>[] = [
  { heading: 'server', of: ({ title }) => title },
  { heading: 'no.', of: ({ seq }) => String(seq) },
  { heading: 'published by', of: ({ publishedBy }) => publishedBy, text: 'text' },
  {
    heading: 'received / members',
    of: ({ received, members }) => `${wholeNumber(received)} / ${wholeNumber(members)}`,
  },
  { heading: 'twice', of: ({ duplicates }) => String(duplicates) },
  { heading: 'out of order', of: ({ outOfOrder }) => knownWithUnit('count', outOfOrder) },
  { heading: 'p50', of: ({ latency }) => knownWithUnit('micros', latency?.p50Micros) },
  { heading: 'p99', of: ({ latency }) => knownWithUnit('micros', latency?.p99Micros) },
  { heading: 'max', of: ({ latency }) => knownWithUnit('micros', latency?.maxMicros) },
  { heading: 'spread', of: ({ maxSpreadMicros }) => knownWithUnit('micros', maxSpreadMicros) },
  { heading: 'server says', of: ({ server }) => knownWithUnit('micros', server?.elapsedMicros) },
  { heading: 'published late', of: ({ publishedLateMicros }) => knownWithUnit('micros', publishedLateMicros) },
];

/** Every broadcast: who published it, who received it, how long it took. */
function broadcastsTable({ name, measured }: Shown): Html {
  const all = measured.flatMap(({ title, phase }) => phase.broadcasts.map((broadcast) => ({ title, ...broadcast })));
  if (all.length === 0) return html``;
  const title = `Every ${broadcastIn(name)}`;
  return html`<h2>${title}</h2>
    ${columnsTable(title, columns, all.slice(0, broadcastsListed))}
    ${all.length > broadcastsListed ? html`<p class="soft">The first ${broadcastsListed} of ${all.length}; all are in result.json.</p>` : ''}`;
}
