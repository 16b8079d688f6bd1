import type { Compared } from '../compare.ts';
import { median } from '../../results/statistics/numbers.ts';
import { figures, type Figure } from './figures.ts';
import { goalsOf } from './goals.ts';
import { middle, valuesOf, type Result } from './result.ts';

/** What a run of the benchmark has found; the first result is the reference, the second the load generator. */
export interface Comparison extends Compared {
  readonly circumstances: readonly string[];
  /** The same over TLS, the reference and the load generator only; or why there is none. */
  readonly secured: Compared | string;
}

/** The comparison as Markdown. */
export function reportOf(comparison: Comparison): string {
  const { circumstances, results, skipped, secured } = comparison;
  return [
    ...circumstances.map((line) => `- ${line}`),
    ...results.map(({ name, version }) => `- ${name}: ${version}`),
    ...skipped.map(({ name, reason }) => `- ${name}: SKIPPED: ${reason}`),
    '',
    'Each cell: min / median / max of the rounds, and in brackets the ratio of the medians to the C reference. In the heading, in',
    'brackets, the connections of a round. Less is better but for connections/s.',
    '',
    ...resultTable(results),
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
    ...securedPart(secured),
    '',
    ...notes,
    '',
    'Goals:',
    '',
    ...goalsOf(results, typeof secured === 'string' ? [] : secured.results).map(
      ({ goal, met, found }) => `- ${met === null ? 'unknown' : met ? 'met' : 'NOT met'}: ${goal}: ${found}`,
    ),
    '',
  ].join('\n');
}

function securedPart(secured: Compared | string): readonly string[] {
  if (typeof secured === 'string') return [`Over TLS: ${secured}`];
  const { results } = secured;
  return [
    'Over TLS 1.3 (TLS_AES_128_GCM_SHA256, X25519, P-256), the certificate not looked at:',
    '',
    ...results.map(({ name, version }) => `- ${name}: ${version}`),
    '',
    ...resultTable(results),
  ];
}

/** A row a figure that anybody has. */
function resultTable(results: readonly Result[]): readonly string[] {
  return table(
    ['', ...results.map(({ name, rounds }) => `${name} (${rounds[0]?.connections ?? 0})`)],
    figures
      .filter((figure) => results.some((result) => valuesOf(figure, result).length > 0))
      .map((figure) => [figure.name, ...results.map((result) => cell(figure, result, results[0]))]),
  );
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
  '- Over TLS the client in C keeps an SSL object a connection, as clients in C do; its server is linked with the OpenSSL of the system.',
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
