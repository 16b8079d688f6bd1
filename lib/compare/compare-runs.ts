import { comparedFigures, type ComparedFigure } from '../results/compared-figures.ts';
import type { Repeated, RunResult, ServerSummary } from '../results/schema/run-result.ts';
import { overlaps } from '../report/comparison.ts';

/** How the figure of a later run stands to that of the first. */
export interface Difference {
  /** Later median less first median, as a share of the first: 0.05 is 5 % more. Null where the first is 0. */
  readonly share: number | null;
  /**
   * Whether the difference is larger than the range of the repeats: their ranges do not touch. `unknown` with a single repeat on either
   * side, where no range is known.
   */
  readonly significance: 'larger' | 'within' | 'unknown';
}

/** One figure of one server in every run; null where a run has none, differences from the second run on. */
export interface ComparedRow {
  readonly server: string;
  readonly figure: ComparedFigure;
  readonly values: readonly (Repeated | null)[];
  readonly differences: readonly (Difference | null)[];
}

/** Every server that at least two of the runs have, figure by figure; the first run is what the others are compared with. */
export function compareRuns(runs: readonly RunResult[]): readonly ComparedRow[] {
  const [first] = runs;
  if (first === undefined) return [];
  return serversInSeveral(runs).flatMap((server) => {
    const summaries = runs.map((run) => run.servers.find((candidate) => candidate.server === server));
    return figuresOfAll(runs).map((figure): ComparedRow => {
      const values = summaries.map((summary) => valueOf(summary, figure));
      const [base = null, ...later] = values;
      return { server, figure, values, differences: later.map((value) => differenceOf(base, value)) };
    });
  });
}

/** The servers of any run that another run has, too, in the order of the first run that has them. */
export function serversInSeveral(runs: readonly RunResult[]): readonly string[] {
  const names = runs.flatMap(({ servers }) => servers.map(({ server }) => server));
  return [...new Set(names.filter((name, place) => names.indexOf(name) !== place))].sort(
    (a, b) => names.indexOf(a) - names.indexOf(b),
  );
}

/** The figures of all runs' workloads, each once. */
function figuresOfAll(runs: readonly RunResult[]): readonly ComparedFigure[] {
  const figures = runs.flatMap(({ parameters }) => comparedFigures(parameters.workload));
  return [...new Map(figures.toReversed().map((figure) => [figure.name, figure])).values()].toReversed();
}

function valueOf(summary: ServerSummary | undefined, { name }: ComparedFigure): Repeated | null {
  return summary?.figures[name] ?? null;
}

function differenceOf(first: Repeated | null, later: Repeated | null): Difference | null {
  if (first === null || later === null) return null;
  const share = first.median === 0 ? null : (later.median - first.median) / first.median;
  if (first.repeats < 2 || later.repeats < 2) return { share, significance: 'unknown' };
  return { share, significance: overlaps(first, later) ? 'within' : 'larger' };
}
