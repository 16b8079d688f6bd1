import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePositiveCount, parseSeconds } from '../../cli/flags/parse.ts';
import { exitCodes } from '../../config/lab-error.ts';
import { machineOf } from '../../report/machine.ts';
import { knownWithUnit } from '../../text/units.ts';
import { flagValue, runBenchmarkCommand, type Flags } from '../command-line.ts';
import { withTemporaryFolder } from '../temporary-folder.ts';
import { compileReference, hasCompiler } from '../reference/compile-reference.ts';
import { runLab, type LabRun } from './lab-run.ts';
import { rampReference, type ReferenceRamp } from './reference-ramp.ts';

const results = join(import.meta.dirname, '../../../results/million');
const kept = join(import.meta.dirname, '../../../docs/benchmarks/million');

const usage = `Holds as many connections as one machine can, by the lab's own command line, and opens as many with clients in C
against the same server.

usage: npm run bench:million -- [flags]
  --server NAME      the server (default: netty)
  --connections N    such as 1.2M, the default, or 300k, the default with --tls
  --tls              secure them with TLS; the clients in C, with their 31 kB a connection, are left out then
  --broadcasts K     broadcasts to all (default: 2)
  --interval S       seconds from one to the next (default: 60)
  --no-reference     leave the clients in C out
  --save             keep the report of a valid run in docs/benchmarks/million
exit codes: those of c1m run`;
const options = {
  server: { type: 'string', default: 'netty' },
  connections: { type: 'string' },
  tls: { type: 'boolean', default: false },
  broadcasts: { type: 'string', default: '2' },
  interval: { type: 'string', default: '60' },
  reference: { type: 'boolean', default: true },
  save: { type: 'boolean', default: false },
} as const;

/** Runs the benchmark; the exit code is that of the run. */
async function main(flags: Flags<typeof options>): Promise<number> {
  const request = {
    server: flags.server,
    connections: flagValue('connections', flags.connections ?? (flags.tls ? '300k' : '1.2M'), parsePositiveCount),
    tls: flags.tls,
    broadcasts: flagValue('broadcasts', flags.broadcasts, parsePositiveCount),
    intervalSeconds: flagValue('interval', flags.interval, parseSeconds),
  };
  const run = await runLab(request, results);
  // One that was interrupted, or says nothing of the server, is not worth C's minutes, nor a page.
  const isValid = run.exitCode === exitCodes.ok;
  const text = report(run, flags.reference && !flags.tls && isValid ? await reference(run) : 'left out');
  process.stdout.write(text);
  if (flags.save && !isValid) process.stderr.write(`not kept: the run ended with exit code ${run.exitCode}\n`);
  if (flags.save && isValid) {
    mkdirSync(kept, { recursive: true });
    writeFileSync(
      join(kept, `${flags.server}${flags.tls ? '-tls' : ''}-${run.result.parameters.connections}.txt`),
      text,
    );
  }
  return run.exitCode ?? 1;
}

async function reference({ result, measurement }: LabRun): Promise<ReferenceRamp | string> {
  if (!hasCompiler()) return 'SKIPPED: there is no C compiler (cc)';
  return withTemporaryFolder(async (folder) =>
    rampReference({
      server: measurement.server,
      connections: result.parameters.connections,
      serverProcesses: measurement.serverProcesses ?? 1,
      memoryPreset: measurement.memoryPreset ?? 'small',
      client: compileReference('reference-client', folder),
    }),
  );
}

function report(run: LabRun, compared: ReferenceRamp | string): string {
  const { measurement, stepSeconds } = run;
  const { memory, cpu, connections } = measurement;
  const bytes = (value: number | null): string => knownWithUnit('bytes', value) ?? 'unknown';
  const seconds = (value: number | null | undefined): string =>
    value === null || value === undefined ? 'unknown' : `${value.toFixed(1)} s`;
  const ramp = stepSeconds.get('ramp');
  const lines: readonly (readonly [string, string])[] = [
    ['connections wanted / held / lost', `${connections.wanted} / ${connections.peak} / ${sum(connections.lost)}`],
    ['failed attempts (retried)', `${sum(connections.connectFailures)}`],
    [
      'broadcasts: members / received / missing',
      measurement.phases
        .flatMap((phase) => (phase.kind === 'broadcast' ? phase.broadcasts : []))
        .map(({ members, received, missing }) => `${members} / ${received} / ${missing}`)
        .join(', '),
    ],
    ['processes, server / load', `${measurement.serverProcesses} / ${measurement.loadProcesses}`],
    ['ramp, with the start of the load processes', seconds(ramp)],
    ['ramp, first attempt to last connection', seconds(measurement.ramp.seconds)],
    [
      'processor time of the load processes, ramp / all',
      `${seconds(cpu.loadRampSeconds)} / ${seconds(cpu.loadTotalSeconds)}`,
    ],
    [
      'processor time of the server, ramp / all',
      `${seconds(cpu.serverRampSeconds)} / ${seconds(cpu.serverTotalSeconds)}`,
    ],
    [
      'memory: server / load processes / kernel',
      [memory.serverPeakBytes, memory.loadBytes, memory.kernelPeakBytes].map(bytes).join(' / '),
    ],
    ['memory still available at the least', bytes(memory.leastAvailableBytes)],
    [
      'sampling, share of a processor',
      cpu.samplerShare === null ? 'unknown' : `${(cpu.samplerShare * 100).toFixed(2)} %`,
    ],
    ['collecting / making the report', `${seconds(stepSeconds.get('collect'))} / ${seconds(run.reportSeconds)}`],
    ['raw files / report', `${bytes(run.rawBytes)} / ${bytes(run.reportBytes)}`],
    ['C clients against the same server', describeReference(compared, ramp)],
  ];
  return `${machineOf(run.result)}, commit ${run.result.gitCommit ?? 'unknown'}\n\n${run.table.replace(/^report: .*\n/m, '')}\n${lines.map(([name, value]) => `${name.padEnd(52)}${value}`).join('\n')}\n`;
}

function describeReference(outcome: ReferenceRamp | string, ramp: number | undefined): string {
  if (typeof outcome === 'string') return outcome;
  const ratio = ramp === undefined ? '' : `; the lab took ${(ramp / outcome.seconds).toFixed(2)} times as long`;
  return `all open after ${outcome.seconds.toFixed(1)} s, ${outcome.clientCpuSeconds.toFixed(1)} s of processor time${ratio}`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

await runBenchmarkCommand(usage, options, main);
