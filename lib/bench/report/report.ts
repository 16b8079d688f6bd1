import { median } from './median.ts';
import { figures, type Figure } from './figures.ts';
import { goalsOf } from './goals.ts';
import { middle, valuesOf, type Result } from './result.ts';

/** What a run of the benchmark has found; the first result is the reference, the second the load generator. */
export interface Comparison {
  readonly circumstances: readonly string[];
  readonly results: readonly Result[];
  /** Who could not be compared, and why. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/** The comparison as Markdown. */
export function reportOf(comparison: Comparison): string {
  const { circumstances, results, skipped } = comparison;
  const names = results.map(({ name, rounds }) => `${name} (${rounds[0]?.connections ?? 0})`);
  return [
    ...circumstances.map((line) => `- ${line}`),
    ...results.map(({ name, version }) => `- ${name}: ${version}`),
    ...skipped.map(({ name, reason }) => `- ${name}: SKIPPED: ${reason}`),
    '',
    'Each cell: min / median / max of the rounds, and in brackets the ratio of the medians to the C reference. In the heading, in',
    'brackets, the connections of a round. Less is better but for connections/s.',
    '',
    ...table(
      ['', ...names],
      figures.map((figure) => [figure.name, ...results.map((result) => cell(figure, result, results[0]))]),
    ),
    '',
    'With one connection (the base, start-up included):',
    '',
    ...table(
      ['', ...results.map(({ name }) => name)],
      [
        ['CPU ms', ...results.map(({ base }) => (base.ramped.cpuMicros / 1e3).toFixed(0))],
        ['MB resident', ...results.map(({ base }) => (base.ramped.rssBytes / 1e6).toFixed(1))],
        ['MB of its own', ...results.map(({ base }) => (base.ramped.anonymousBytes / 1e6).toFixed(1))],
      ],
    ),
    '',
    ...notes,
    '',
    'Goals:',
    '',
    ...goalsOf(results).map(({ goal, met, found }) => `- ${met ? 'met' : 'NOT met'}: ${goal}: ${found}`),
    '',
  ].join('\n');
}

const notes = [
  '- connections/s is by the clock of the server: from its first connection accepted to its last upgrade answered.',
  '- CPU and bytes a connection are above those of a round with one connection. Bytes are anonymous memory (RssAnon), all',
  '  processes of a contender together; the memory of the kernel is the same for all. Where a runtime grows its heap in steps, or has just',
  '  collected its garbage, bytes vary from round to round.',
  '- The C client, the load generator and ws say when a message has reached all connections: CPU a message is counted up to then. k6,',
  '  artillery and tsung do not say: theirs is what they used from the first message until they were idle again, less what',
  '  they use when idle. That they had read everything is seen in the receive queues of their sockets. Their CPU is in steps of 10 ms.',
  '- `-`: artillery and tsung have no means to time when each message of a broadcast came. k6 notes it in whole milliseconds, by a metric',
  '  that the script of this benchmark adds. As the time grows with the number of connections it is given for 10 000 of them.',
  '- CPU a ping: of a phase of heartbeats, by the pings that were answered. CPU a reconnect: of a phase in which connections close',
  '  properly (churn) or are reset (storm) and are opened again, by those that are back. Peers have no such phases.',
  '- Rates at which artillery and tsung are asked to open connections (5 000/s and 20 000/s) are above what they reach; all others are not held back.',
];

function cell(figure: Figure, result: Result, reference: Result | undefined): string {
  const values = valuesOf(figure, result);
  if (values.length === 0) return '-';
  const spread = [Math.min(...values), median(values), Math.max(...values)].map((value) =>
    value.toFixed(figure.digits),
  );
  const ours = median(values);
  const theirs = reference === undefined || reference === result ? null : middle(figure, reference);
  const ratio = theirs === null || theirs < 1e-3 ? '' : ` (${(ours / theirs).toFixed(2)})`;
  return spread.join(' / ') + ratio;
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = heading.map((name, column) =>
    Math.max(3, name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(heading), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}
