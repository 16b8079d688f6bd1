import { formatPhase } from '../../../assets/loadgen/workload/parse-text.ts';
import { verdictOf } from '../../report/comparison.ts';
import { machineOf } from '../../report/machine.ts';
import { wholeNumber } from '../../text/units.ts';
import type { RunResult } from '../../results/schema/run-result.ts';
import type { ShownEdition, Standings } from './standings.ts';

/**
 * The league as a page of Markdown: a table for each edition and size. Editions come in the order given. `singleThreaded` are the titles
 * of the servers that run on one thread.
 */
export function leagueMarkdown(editions: readonly ShownEdition[], singleThreaded: readonly string[]): string {
  const sections = editions.flatMap(({ edition, standings }) => [
    `## ${edition}`,
    ...standings.flatMap((size) => sectionOf(size)),
  ]);
  return `${[
    '# League',
    'Every server of the lab under the same workload on the same machine. [The page](index.html) sorts, filters by language and leads from each figure to its runs; `npm run bench:league` measures what is missing and makes both again.',
    '± is half the range over repeats; bold: the best, or indistinguishable from it because the ranges overlap. A server with one repeat has no ±: ignore small differences. `× floor` is how many times the floor, a server in C that does nothing else, the figure is.',
    threadsNote(singleThreaded),
    ...sections,
  ].join('\n\n')}\n`;
}

function sectionOf({ connections, result, columns, cells }: Standings): readonly string[] {
  const head = [
    'server',
    ...columns.map(
      ({ column, unit }) => `${column.group} ${column.heading}${unit.name === '' ? '' : `, ${unit.name}`}`,
    ),
    'verdict',
    'runs',
  ];
  const rows = result.servers.map((server, row) => [
    server.title,
    ...columns.map(({ cells: all }) => {
      const cell = all[row];
      if (cell === undefined) return '-';
      const text = cell.best ? `**${cell.text}**` : cell.text;
      const floor = cell.timesFloor === null ? '' : ` (${cell.timesFloor} × floor)`;
      return `${cell.suspect ? '~' : ''}${text}${cell.halfRange === null ? '' : ` ±${cell.halfRange}`}${floor}`;
    }),
    verdictOf(server, result).word,
    cells
      .filter((cell) => cell.server === server.server)
      .map(({ repeat, file }) => `[${repeat}](${file})`)
      .join(' '),
  ]);
  const line = (parts: readonly string[]): string => `| ${parts.join(' | ')} |`;
  const table = [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)];
  return [
    `### ${wholeNumber(connections)} connections`,
    `Workload \`${result.parameters.workload.map(formatPhase).join(', ')}\` on ${machineOfResult(result)}.`,
    table.join('\n'),
  ];
}

/** Which servers can use one processor only, in a sentence. */
export function threadsNote(singleThreaded: readonly string[]): string {
  return `One thread serves all connections of ${singleThreaded.join(', ')}; the others use every processor. A larger run starts several processes of each.`;
}

/** The machine of a run, in a few words. */
export function machineOfResult(result: RunResult): string {
  return `${machineOf(result)}${result.hostsShareOneMachine ? ' for server and load generator together' : ''}`;
}
