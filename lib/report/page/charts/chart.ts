import type { MeasurementResult } from '../../../results/schema/measurement-result.ts';
import type { RunResult } from '../../../results/schema/run-result.ts';

/** Colours that servers have in the page, `--s0` and on in its style sheet; with more servers they come round again. */
const colours = 16;

/** The colour of a server by its place among the servers of a run. */
export function colourOf(place: number): number {
  return place % colours;
}

/** Points of one line of a chart. */
export interface ChartSeries {
  readonly name: string;
  /** The colour of its server, by {@link colourOf}. */
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

/** A chart with an ordinary axis on each side. */
export const plainChart = { percentiles: false, wholeX: false, logarithmic: false } as const;

/** The name of a measurement's line: its server's, with the repeat where there are several. */
export function seriesName({ server, title, repeat }: MeasurementResult, { measurements }: RunResult): string {
  return measurements.filter((other) => other.server === server).length > 1 ? `${title} #${repeat}` : title;
}
