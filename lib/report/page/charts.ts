import { downsample } from '../../results/merge/statistics/downsample.ts';
import { percentileCurve } from '../../results/merge/statistics/histogram.ts';
import type { MeasurementResult } from '../../results/schema/measurement-result.ts';
import type { RunResult } from '../../results/schema/run-result.ts';

/** Points of one line of a chart. */
export interface ChartSeries {
  readonly name: string;
  /** Place of its server among the servers: the colour. */
  readonly colour: number;
  readonly style: 'line' | 'steps' | 'points' | 'both' | 'fit';
  readonly points: readonly (readonly [number, number])[];
}

/** A chart as the page's script draws it, and as a table shows it. */
export interface Chart {
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xUnit: string;
  readonly yUnit: string;
  /** The x axis is of percentiles spaced by nines. */
  readonly percentiles: boolean;
  /** The x axis has whole numbers only. */
  readonly wholeX: boolean;
  readonly logarithmic: boolean;
  readonly xRange?: readonly [number, number];
  readonly series: readonly ChartSeries[];
}

/** Above this ratio of greatest to smallest p50 a linear axis would hide the fast servers. */
const logarithmicRatio = 20;

/** The charts of a run; one without a point is left out. */
export function chartsOf(result: RunResult): readonly Chart[] {
  const series = (
    style: ChartSeries['style'],
    of: (measurement: MeasurementResult) => readonly (readonly [number, number])[],
  ): readonly ChartSeries[] =>
    result.measurements.map((measurement) => ({
      name: seriesName(measurement, result),
      colour: result.servers.findIndex(({ server }) => server === measurement.server) % 8,
      style,
      points: of(measurement),
    }));
  const plain = { percentiles: false, wholeX: false, logarithmic: false } as const;
  const curves = series('line', (measurement) => curveByNines(measurement.broadcastLatency?.histogram ?? ''));
  const echoes = series('line', (measurement) => curveByNines(measurement.echo.roundTrip?.histogram ?? ''));
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
        'Dots: memory of the server processes alone (RssAnon) in the samples of the ramp. Dashed: the line whose slope is the bytes a connection.',
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
    {
      ...plain,
      id: 'chart-broadcast',
      title: 'Broadcast latency',
      caption:
        'From the moment a broadcast was due until it arrived, over percentiles: 99 % means that 99 of 100 messages had arrived by then. The further right, the rarer.',
      xLabel: 'percentile',
      yLabel: 'ms',
      xUnit: '',
      yUnit: 'ms',
      percentiles: true,
      logarithmic: wideApart(curves),
      series: curves,
    },
    {
      ...plain,
      id: 'chart-spread',
      title: 'Spread of each broadcast',
      caption: 'Last arrival minus first on one load host; the greatest of the hosts.',
      xLabel: 'broadcast',
      yLabel: 'ms',
      xUnit: '. broadcast (from 0)',
      yUnit: 'ms',
      wholeX: true,
      series: series('both', ({ broadcasts }) =>
        downsample(
          broadcasts.flatMap(({ seq, maxSpreadMicros }) =>
            maxSpreadMicros === null ? [] : [[seq, maxSpreadMicros / 1000] as const],
          ),
        ),
      ),
    },
    {
      ...plain,
      id: 'chart-echo',
      title: 'Echo round trip',
      caption: 'From the moment an echo was due until it was back, over percentiles.',
      xLabel: 'percentile',
      yLabel: 'ms',
      xUnit: '',
      yUnit: 'ms',
      percentiles: true,
      logarithmic: wideApart(echoes),
      series: echoes,
    },
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

/** The name of a measurement's line: its server's, with the repeat where there are several. */
export function seriesName({ server, title, repeat }: MeasurementResult, { measurements }: RunResult): string {
  return measurements.filter((other) => other.server === server).length > 1 ? `${title} #${repeat}` : title;
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
