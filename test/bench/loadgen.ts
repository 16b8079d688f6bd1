/**
 * Compares the load generator with a client in C that makes the same system calls, in alternating rounds against the
 * same server in C: `npm run bench:loadgen -- [--rounds N] [--connections N] [--broadcasts K]`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openFilesLimit, reservedDescriptors } from '../../assets/loadgen/supervisor/open-files.ts';
import {
  endInput,
  median,
  runLoadGenerator,
  runReference,
  startServer,
  type Measurement,
  type Task,
} from './contenders.ts';

const firstPort = 9_100;

/** A row of the table: a figure of a measurement, less being better unless said otherwise. */
interface Row {
  readonly name: string;
  readonly of: (measurement: Measurement, base: Measurement) => number;
  readonly digits: number;
}

const rows: readonly Row[] = [
  { name: 'connections/s', of: (m) => m.connectionsPerSecond, digits: 0 },
  { name: 'CPU s per 10 000 connections, start-up included', of: (m) => m.ramped.cpuMicros / 1e6, digits: 3 },
  {
    name: 'CPU s per 10 000 connections, above one connection',
    of: (m, base) => (m.ramped.cpuMicros - base.ramped.cpuMicros) / 1e6,
    digits: 3,
  },
  { name: 'CPU us per broadcast message', of: (m) => m.cpuMicrosAMessage, digits: 2 },
  { name: 'first to last arrival, ms', of: (m) => m.firstToLastMicros / 1000, digits: 1 },
  {
    name: 'bytes per connection, above one connection',
    of: (m, base) => m.ramped.anonymousBytes - base.ramped.anonymousBytes,
    digits: 0,
  },
  { name: 'idle, CPU us per s', of: (m) => m.idleCpuMicrosASecond, digits: 0 },
];

/** Runs the benchmark; the exit code. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      connections: { type: 'string', default: '15000' },
      broadcasts: { type: 'string', default: '5' },
    },
  });
  const most = openFilesLimit() - reservedDescriptors;
  const connections = Math.min(Number(values.connections), most);
  const rounds = Number(values.rounds);
  if (spawnSync('cc', ['--version']).status !== 0) {
    print('bench:loadgen: SKIPPED the C reference and with it the comparison: there is no C compiler (cc)');
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'c1m-bench-build-'));
  try {
    const client = compile('reference-client', folder);
    const server = compile('reference-server', folder);
    print(
      `${connections} connections to one server process, ${values.broadcasts} broadcasts, ${rounds} rounds in turn; ` +
        `Node ${process.version}, Linux ${release()}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    );
    await compare(client, server, { connections, rounds, broadcasts: Number(values.broadcasts) });
    return 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function compare(
  client: string,
  server: string,
  { connections, rounds, broadcasts }: { connections: number; rounds: number; broadcasts: number },
): Promise<void> {
  let port = firstPort + (process.pid % 1000) * 20;
  const run = async (contender: Contender, most: number): Promise<Measurement> => {
    port += 1;
    const serverProcess = await startServer(server, port);
    try {
      // A source of its own for each run: none meets what the last one left behind.
      const source = `127.8.${port >> 8}.${port & 255}`;
      return await contender({ port, connections: most, source, broadcasts, idleSeconds: 2 });
    } finally {
      await endInput(serverProcess);
    }
  };
  const reference: Contender = async (task) => runReference(client, task);
  const referenceBase = await run(reference, 1);
  // The first run of the load generator may have to compile its modules into the cache: it does not count.
  await run(runLoadGenerator, 1);
  const ours: Measurement[] = [];
  const theirs: Measurement[] = [];
  const base = await run(runLoadGenerator, 1);
  for (let round = 1; round <= rounds; round += 1) {
    theirs.push(await run(reference, connections));
    ours.push(await run(runLoadGenerator, connections));
    print(`round ${round} of ${rounds} done`);
  }
  print('');
  print(`${'min / median / max'.padEnd(52)}${'C reference'.padStart(27)}${'load generator'.padStart(27)}   ratio`);
  for (const { name, of, digits } of rows) {
    const scale = /per 10 000/.test(name) ? 10_000 / connections : /per connection/.test(name) ? 1 / connections : 1;
    const their = theirs.map((measurement) => of(measurement, referenceBase) * scale);
    const our = ours.map((measurement) => of(measurement, base) * scale);
    const ratio = median(our) / median(their);
    print(
      `${name.padEnd(52)}${spread(their, digits).padStart(27)}${spread(our, digits).padStart(27)}   ` +
        (Number.isFinite(ratio) && median(their) > 1e-3 ? ratio.toFixed(2) : '-'),
    );
  }
  print('');
  print(
    `a load process with one connection: ${(base.ramped.cpuMicros / 1e3).toFixed(0)} ms CPU, ` +
      `${(base.ramped.rssBytes / 1e6).toFixed(0)} MB resident, of which ${(base.ramped.anonymousBytes / 1e6).toFixed(0)} MB its own`,
  );
}

type Contender = (task: Task) => Promise<Measurement>;

function compile(name: string, folder: string): string {
  const source = new URL(`./${name}.c`, import.meta.url).pathname;
  const program = join(folder, name);
  const { status, stderr } = spawnSync('cc', ['-O2', '-o', program, source], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cc could not compile ${source}: ${stderr}`);
  return program;
}

function spread(values: readonly number[], digits: number): string {
  return [Math.min(...values), median(values), Math.max(...values)].map((value) => value.toFixed(digits)).join(' / ');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main();
