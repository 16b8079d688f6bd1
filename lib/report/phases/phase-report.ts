import type { PhaseResult } from '../../results/phases/rooms.ts';
import type { RunResult } from '../../results/schema/run-result.ts';
import type { Chart, ChartSeries } from '../page/charts/chart.ts';
import type { Html } from '../page/html.ts';

/** A phase of every measurement of a run that has it, as the page shows it. */
export interface ShownPhase<Phase extends PhaseResult = PhaseResult> {
  readonly name: string;
  readonly result: RunResult;
  readonly measured: readonly {
    /** The measurement, as lines and rows are named. */
    readonly title: string;
    /** The colour of its server. */
    readonly colour: number;
    readonly phase: Phase;
  }[];
}

/** What a kind of phase has to show beside its figures and the distribution of its latency: its room in the report. */
export interface ReportRoom<Phase extends PhaseResult = PhaseResult> {
  /** Charts of its own; one without a point is left out. */
  readonly charts?: (shown: ShownPhase<Phase>) => readonly Chart[];
  /** Tables of its own, with a heading each. */
  readonly details?: (shown: ShownPhase<Phase>) => Html;
}

/** A line for each measurement of a phase. */
export function seriesOf<Phase extends PhaseResult>(
  { measured }: ShownPhase<Phase>,
  style: ChartSeries['style'],
  points: (phase: Phase) => ChartSeries['points'],
): readonly ChartSeries[] {
  return measured.map(({ title, colour, phase }) => ({ name: title, colour, style, points: points(phase) }));
}
