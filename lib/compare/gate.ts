import { LabError } from '../config/lab-error.ts';
import { figuresByName, shortestNames } from '../results/compared-figures.ts';
import type { RunResult } from '../results/schema/run-result.ts';
import type { ComparedRow } from './compare-runs.ts';

/** A figure that must not become worse by more than a share: `memory>5%`. */
export interface Limit {
  readonly text: string;
  /** Name of the figure as it was given, such as memory or broadcast.p99. */
  readonly figure: string;
  /** 0.05 for 5 %. */
  readonly share: number;
}

/** What a limit says of one server in one later run. */
export interface Judgement {
  readonly outcome: 'failed' | 'passed' | 'unknown';
  readonly sentence: string;
}

/** Reads limits that are separated by commas; throws LabError `usage` for what is none. */
export function parseLimits(text: string): readonly Limit[] {
  return text.split(',').map((part) => {
    const [, figure, percent] = /^\s*([A-Za-z][\w.-]*)\s*>\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(part) ?? [];
    if (figure === undefined || percent === undefined) {
      throw new LabError(
        'usage',
        `--fail-if: '${part}' is not a limit`,
        "write figure>percent, such as --fail-if 'memory>5%' or --fail-if 'memory>5%,broadcast.p99>20%'",
      );
    }
    return { text: part.trim(), figure, share: Number(percent) / 100 };
  });
}

/**
 * Holds each server of each later run against the limits. A figure fails when it is worse by more than its limit and the difference is
 * larger than the range of the repeats; it is unknown when a run has a single repeat, no valid measurement, or not the figure. Throws
 * LabError `usage` for a figure that the runs do not have.
 */
export function judgeLimits(
  limits: readonly Limit[],
  rows: readonly ComparedRow[],
  runs: readonly RunResult[],
): readonly Judgement[] {
  const figures = figuresByName(runs.map(({ parameters }) => parameters.workload));
  return limits.flatMap((limit) => {
    const figure = figures.get(limit.figure);
    if (figure === undefined) {
      throw new LabError(
        'usage',
        `--fail-if: these runs have no figure '${limit.figure}' that can get worse`,
        `choose from ${shortestNames(figures).join(', ')}`,
      );
    }
    return rows
      .filter((row) => row.figure.name === figure.name)
      .flatMap((row) => runs.slice(1).map((run, place) => judgeOne(limit, row, runs[0], run, place)));
  });
}

function judgeOne(
  limit: Limit,
  row: ComparedRow,
  first: RunResult | undefined,
  run: RunResult,
  place: number,
): Judgement {
  const difference = row.differences[place] ?? null;
  const subject = `${row.server}, ${limit.figure} in ${run.runId}`;
  const unknown = (why: string): Judgement => ({
    outcome: 'unknown',
    sentence: `${subject}: cannot be judged, ${why}`,
  });
  const isValid = (one: RunResult | undefined): boolean =>
    (one?.servers.find(({ server }) => server === row.server)?.valid ?? 0) > 0;
  if (!isValid(first) || !isValid(run)) return unknown('a run has no valid measurement of this server');
  if (difference === null) return unknown('a run does not have the figure');
  if (difference.share === null) return unknown('the figure of the first run is 0');
  if (difference.significance === 'unknown') return unknown('a run has a single valid repeat (use --repeats)');
  const worse = row.figure.better === 'less' ? difference.share : -difference.share;
  const change = `${Math.abs(100 * worse).toFixed(1)} % ${worse > 0 ? 'worse' : 'better'}`;
  if (worse <= limit.share) return { outcome: 'passed', sentence: `${subject}: ${change}, within ${limit.text}` };
  return difference.significance === 'larger'
    ? { outcome: 'failed', sentence: `${subject}: ${change}, over ${limit.text}` }
    : { outcome: 'passed', sentence: `${subject}: ${change}, but within the range over the repeats` };
}
