import { LabError } from '../config/lab-error.ts';
import { figuresByName, shortestNames } from '../results/compared-figures.ts';
import type { RunResult, ServerSummary } from '../results/schema/run-result.ts';

/**
 * The result with its servers in the order of a figure, the best first; servers without it come last, in the order measured. Throws
 * LabError `usage` for a figure that the run does not have.
 */
export function rankServers(result: RunResult, name: string): RunResult {
  const figures = figuresByName([result.parameters.workload]);
  const figure = figures.get(name);
  if (figure === undefined) {
    throw new LabError(
      'usage',
      `--sort: this run has no figure '${name}' to rank servers by`,
      `choose from ${shortestNames(figures).join(', ')}`,
    );
  }
  const sign = figure.better === 'more' ? -1 : 1;
  const rank = ({ figures: own }: ServerSummary): number => {
    const median = own[figure.name]?.median;
    return median === undefined ? Infinity : sign * median;
  };
  const servers = result.servers.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
  return { ...result, servers };
}
