import type { PhaseKindName } from '../../../../assets/loadgen/workload/phase-kinds.ts';
import { resultRoom } from '../../../results/phases/rooms.ts';
import { percentileCurve } from '../../../results/statistics/histogram.ts';
import type { MeasurementResult } from '../../../results/schema/measurement-result.ts';
import type { RunResult } from '../../../results/schema/run-result.ts';
import { seriesOf, type ShownPhase } from '../../phases/phase-report.ts';
import { colourOf, plainChart, seriesName, type Chart, type ChartSeries } from './chart.ts';
import { reportRoom, shownPhases } from '../../phases/rooms.ts';

/** Above this ratio of greatest to smallest p50 a linear axis would hide the fast servers. */
const logarithmicRatio = 20;

/** The distribution of a phase's latency. */
function latencyChart(shown: ShownPhase & { readonly kind: PhaseKindName }): readonly Chart[] {
  const { title, about } = resultRoom(shown.kind).latency;
  const curves = seriesOf(shown, 'line', ({ latency }) => curveByNines(latency?.histogram ?? ''));
  return [
    {
      id: `chart-${shown.name}`,
      title: shown.name === shown.kind ? title : `${title}, phase ${shown.name}`,
      caption: `${about} By percentile: 99 of 100 were no slower than the value at 99 %. Further right is rarer.`,
      xLabel: 'percentile',
      yLabel: 'ms',
      xUnit: '',
      yUnit: 'ms',
      wholeX: false,
      percentiles: true,
      logarithmic: wideApart(curves),
      series: curves,
    },
  ];
}

/** The charts of a run; one without a point is left out. */
export function chartsOf(result: RunResult): readonly Chart[] {
  const series = (
    style: ChartSeries['style'],
    of: (measurement: MeasurementResult) => readonly (readonly [number, number])[],
  ): readonly ChartSeries[] =>
    result.measurements.map((measurement) => ({
      name: seriesName(measurement, result),
      colour: colourOf(result.servers.findIndex(({ server }) => server === measurement.server)),
      style,
      points: of(measurement),
    }));
  const plain = plainChart;
  const charts: readonly Chart[] = [
    {
      ...plain,
      id: 'chart-connections',
      title: 'Connections over time',
      caption: 'Open connections of all load hosts, from the first attempt on.',
      xLabel: 'seconds since the ramp began',
      yLabel: 'open connections',
      xUnit: 's',
      yUnit: 'open',
      series: series('line', ({ series: { connections } }) => connections),
    },
    {
      ...plain,
      id: 'chart-memory',
      title: 'Server memory over connections',
      caption:
        'Dots: memory of the server processes alone (RssAnon) in the samples of the ramp. Dashed: the line whose slope is the bytes per connection.',
      xLabel: 'sockets on the server',
      yLabel: 'MB',
      xUnit: 'sockets',
      yUnit: 'MB',
      series: [
        ...series('points', ({ series: { serverMemory } }) =>
          serverMemory.map(([x, bytes]) => [x, bytes / 1e6] as const),
        ),
        ...series('fit', fittedLine),
      ],
    },
    ...shownPhases(result).flatMap((shown) => [
      ...latencyChart(shown),
      ...(reportRoom(shown.kind).charts?.(shown) ?? []),
    ]),
    {
      ...plain,
      id: 'chart-cpu',
      title: 'Processors the server used',
      caption: 'From one sample to the next; 1 is one processor at work all the time.',
      xLabel: 'seconds since the ramp began',
      yLabel: 'processors',
      xUnit: 's',
      yUnit: 'processors',
      series: series('line', ({ series: { serverCpu } }) => serverCpu),
    },
  ];
  return charts
    .map((chart) => withRange({ ...chart, series: chart.series.filter(({ points }) => points.length > 0) }))
    .filter(({ series: drawn }) => drawn.length > 0);
}

/** The range of the x axis where it needs one: a single broadcast, or percentiles from 0. */
function withRange(chart: Chart): Chart {
  const last = chart.series.flatMap(({ points }) => points.at(-1)?.[0] ?? []).reduce((most, x) => Math.max(most, x), 0);
  if (chart.percentiles) return { ...chart, xRange: [0, Math.max(1, last)] };
  return chart.wholeX ? { ...chart, xRange: [-0.5, last + 0.5] } : chart;
}

/** The curve of a histogram with percentiles as numbers of nines (0, 90, 99 % at 0, 1, 2) and values in milliseconds. */
function curveByNines(histogram: string): readonly (readonly [number, number])[] {
  if (histogram === '') return [];
  return percentileCurve(histogram).flatMap(([percentile, micros]) =>
    percentile >= 100 ? [] : [[Math.round(-Math.log10(1 - percentile / 100) * 1000) / 1000, micros / 1000] as const],
  );
}

function fittedLine({ memory, series }: MeasurementResult): readonly (readonly [number, number])[] {
  const { server: slope } = memory;
  const [first, last] = [series.serverMemory[0], series.serverMemory.at(-1)];
  if (slope === null || first === undefined || last === undefined) return [];
  return [first[0], last[0]].map((x) => [x, (slope.interceptBytes + slope.bytesPerConnection * x) / 1e6] as const);
}

/** Whether the middles of curves lie so far apart that only a logarithmic axis shows them all. */
function wideApart(curves: readonly ChartSeries[]): boolean {
  const middles = curves.flatMap(({ points }) => points[Math.floor(points.length / 4)]?.[1] ?? []);
  if (middles.length < 2 || curves.some(({ points }) => points.some(([, value]) => value <= 0))) return false;
  return Math.max(...middles) / Math.min(...middles) > logarithmicRatio;
}
