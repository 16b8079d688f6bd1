import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseNames, parsePositiveCount } from '../../cli/flags/parse.ts';
import { machineOf } from '../../report/machine.ts';
import { flagValue, runBenchmarkCommand, type Flags } from '../command-line.ts';
import { growthPlot } from './growth-plot.ts';
import { runLab, type LabRun } from './lab-run.ts';

const results = join(import.meta.dirname, '../../../results/growth');
const kept = join(import.meta.dirname, '../../../docs/benchmarks');

/** A figure of a run. */
interface Row {
  readonly name: string;
  readonly digits: number;
  readonly of: (run: LabRun) => number | null | undefined;
}

const rows: readonly Row[] = [
  { name: 'load processes', digits: 0, of: ({ measurement }) => measurement.loadProcesses },
  { name: 'load processes: CPU in the ramp, s', digits: 2, of: ({ measurement }) => measurement.cpu.loadRampSeconds },
  { name: 'load processes: CPU in all, s', digits: 2, of: ({ measurement }) => measurement.cpu.loadTotalSeconds },
  { name: 'load processes: resident, MB', digits: 0, of: ({ measurement }) => megabytes(measurement.memory.loadBytes) },
  {
    name: 'sampling, % of a processor',
    digits: 2,
    of: ({ measurement }) => (measurement.cpu.samplerShare === null ? null : measurement.cpu.samplerShare * 100),
  },
  { name: 'prepare, s', digits: 1, of: ({ stepSeconds }) => stepSeconds.get('prepare') },
  { name: 'start of the server, s', digits: 1, of: ({ stepSeconds }) => stepSeconds.get('start') },
  { name: 'ramp, s', digits: 1, of: ({ stepSeconds }) => stepSeconds.get('ramp') },
  { name: 'collect, s', digits: 1, of: ({ stepSeconds }) => stepSeconds.get('collect') },
  { name: 'stop, s', digits: 1, of: ({ stepSeconds }) => stepSeconds.get('stop') },
  { name: 'result and report, s', digits: 1, of: ({ reportSeconds }) => reportSeconds },
  { name: 'raw files, MB', digits: 2, of: ({ rawBytes }) => megabytes(rawBytes) },
  { name: 'report, MB', digits: 2, of: ({ reportBytes }) => megabytes(reportBytes) },
];

const usage = `Measures what the lab itself costs as the connections grow; nothing of it may grow faster than they do.

usage: npm run bench:growth -- [flags]
  --server NAME    the server (default: go-epoll)
  --sizes N,N,…    connections of each run (default: 10k,100k,300k,1.2M)
  --save           keep table and plot in docs/benchmarks
exit codes: 0 every size was reached, 1 one was not`;
const options = {
  server: { type: 'string', default: 'go-epoll' },
  sizes: { type: 'string', default: '10k,100k,300k,1.2M' },
  save: { type: 'boolean', default: false },
} as const;

/** Runs the sizes one after the other. */
async function main(flags: Flags<typeof options>): Promise<number> {
  const sizes = flagValue('sizes', flags.sizes, (text) => parseNames(text).map(parsePositiveCount));
  const runs: LabRun[] = [];
  for (const connections of sizes) {
    runs.push(await runLab({ server: flags.server, connections, broadcasts: 1, intervalSeconds: 1 }, results));
  }
  const text = report(runs);
  process.stdout.write(text);
  if (flags.save) save(`growth-${flags.server}`, text, runs);
  return runs.every(({ measurement: { connections } }) => connections.peak === connections.wanted) ? 0 : 1;
}

function save(name: string, text: string, runs: readonly LabRun[]): void {
  mkdirSync(kept, { recursive: true });
  const plot = growthPlot(
    'Cost of the lab itself, as a multiple of what it is at the first size',
    runs.map(({ measurement }) => measurement.connections.peak),
    rows.map((row) => ({
      name: row.name.replace(/, (s|MB|% .*)$/, ''),
      values: runs.map((run) => row.of(run) ?? null),
    })),
  );
  writeFileSync(join(kept, `${name}.svg`), plot);
  const heading = '# What the lab itself costs as the connections grow';
  const command = 'The last kept run of `npm run bench:growth -- --save`.';
  const image = `![Cost of the lab against connections](${name}.svg)`;
  writeFileSync(join(kept, `${name}.md`), `${heading}\n\n${command}\n\n${image}\n\n\`\`\`text\n${text}\`\`\`\n`);
}

function report(runs: readonly LabRun[]): string {
  const [first] = runs;
  const last = runs.at(-1);
  if (first === undefined || last === undefined) return '';
  const times = last.measurement.connections.peak / first.measurement.connections.peak;
  const line = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(38)}${cells.map((cell) => cell.padStart(12)).join('')}`;
  const text = (value: number | null | undefined, digits: number): string =>
    value === null || value === undefined ? '-' : value.toFixed(digits);
  const growthOf = ({ of }: Row): number => (of(last) ?? Number.NaN) / (of(first) ?? Number.NaN);
  const faster = rows.filter((row) => growthOf(row) > times).map(({ name }) => name);
  const body = rows.map((row) => {
    const { name, digits, of } = row;
    const growth = growthOf(row);
    return line(name, [
      ...runs.map((run) => text(of(run), digits)),
      Number.isFinite(growth) ? `x ${growth.toFixed(1)}` : '-',
    ]);
  });
  return [
    `What the lab itself costs, with ${first.measurement.title} and one broadcast, on ${machineOf(first.result)}`,
    '',
    line('connections held', [
      ...runs.map(({ measurement }) => String(measurement.connections.peak)),
      `x ${times.toFixed(1)}`,
    ]),
    ...body,
    '',
    `grows faster than the connections: ${faster.length === 0 ? 'nothing' : faster.join('; ')}`,
    '',
  ].join('\n');
}

function megabytes(bytes: number | null): number | null {
  return bytes === null ? null : bytes / 1e6;
}

await runBenchmarkCommand(usage, options, main);
