import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parsePositiveCount, parseSeconds } from '../cli/flags/parse.ts';
import { gitCommit } from '../run/git-commit.ts';
import { compare, type Compared, type Size } from './compare.ts';
import { flagValue, runBenchmarkCommand, type Flags } from './command-line.ts';
import { compileReference, hasCompiler, openSslVersion, type ReferenceTls } from './reference/compile-reference.ts';
import { formatWorkload } from '../../assets/loadgen/workload/workload.ts';
import { openFilesLimit, reservedDescriptors } from '../../assets/loadgen/supervisor/open-files.ts';
import type { Contender } from './contenders/contender.ts';
import { parseDrivenWorkload } from './contenders/driven-phases.ts';
import { startLoadGenerator } from './contenders/load-generator.ts';
import { startReferenceClient } from './contenders/reference-client.ts';
import { findPeer, installPeers, peerNames, type PeerName } from './peers/peers.ts';
import { reportOf } from './report/report.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

/** Of each peer: those that let the kernel choose local ports slow down when it has given half of them away, at 14 000. */
const peerConnections = 10_000;

const defaultWorkload = 'heartbeat every=2s for=2s | churn rate=2000/s for=2s | storm backoff=none';

const usage = `Compares the load generator with a client in C that makes the same system calls, and with its peers, in alternating
rounds against the same server in C.

usage: npm run bench:loadgen -- [flags]
  --rounds N              (default: 5)
  --connections N         of the load generator and of C (default: 15000)
  --broadcasts K          a round (default: 5)
  --tls-connections N     of the load generator and of C over TLS 1.3 (default: 15000)
  --workload TEXT         phases that the load generator and C run on their connections after the broadcasts: heartbeat, churn and
                          storm (by=reset, backoff=none), or none (default: ${defaultWorkload})
  --pace-seconds S        from one broadcast to the next, at least (default: 1)
  --peers all|none|NAMES  some of ${peerNames.join(',')}: those named are installed into .cache/bench where they are missing;
                          without it those run that are there
  --save                  keep the report in docs/benchmarks/loadgen.md
exit codes: 0 compared, or skipped without a C compiler`;
const options = {
  rounds: { type: 'string', default: '5' },
  connections: { type: 'string', default: '15000' },
  'tls-connections': { type: 'string', default: '15000' },
  broadcasts: { type: 'string', default: '5' },
  workload: { type: 'string', default: defaultWorkload },
  'pace-seconds': { type: 'string', default: '1' },
  peers: { type: 'string' },
  save: { type: 'boolean', default: false },
} as const;

/** Runs the benchmark; the exit code. */
async function main(flags: Flags<typeof options>): Promise<number> {
  const size = {
    rounds: flagValue('rounds', flags.rounds, parsePositiveCount),
    broadcasts: flagValue('broadcasts', flags.broadcasts, parsePositiveCount),
    workload: flagValue('workload', flags.workload, parseDrivenWorkload),
    paceSeconds: flagValue('pace-seconds', flags['pace-seconds'], parseSeconds),
    tls: false,
  };
  const wantedOverTls = flagValue('tls-connections', flags['tls-connections'], parsePositiveCount);
  const names = flagValue('peers', flags.peers ?? 'all', peersNamed);
  const wanted = flagValue('connections', flags.connections, parsePositiveCount);
  if (!hasCompiler()) {
    print('bench:loadgen: SKIPPED the C reference and with it the comparison: there is no C compiler (cc)');
    return 0;
  }
  const most = openFilesLimit() - reservedDescriptors;
  const connections = Math.min(wanted, most);
  if (flags.peers !== undefined) installPeers(names);
  const peers = names.map((name) => findPeer(name, Math.min(peerConnections, connections)));
  return withTemporaryFolder(async (folder) => {
    const compiler = `cc ${spawnSync('cc', ['-dumpfullversion'], { encoding: 'utf8' }).stdout.trim()} -O2`;
    const contenders = [
      referenceClient('C reference', compiler, folder, connections, 'none'),
      { name: 'load generator', version: versionOfOurs(), connections, start: startLoadGenerator },
      ...peers.flatMap((peer) => ('contender' in peer ? [peer.contender] : [])),
    ];
    // What else the machine does slows everybody down, though not by the same factor: it is told.
    const loadBefore = loadavg()[0] ?? Number.NaN;
    const compared = await compare(contenders, compileReference('reference-server', folder), size);
    const secured = await compareSecured(folder, Math.min(wantedOverTls, most), size);
    const absent = peers.flatMap((peer) => ('skipped' in peer ? [{ name: peer.name, reason: peer.skipped }] : []));
    const report = reportOf({
      ...compared,
      secured,
      skipped: [...absent, ...compared.skipped],
      circumstances: circumstances(size, loadBefore),
    });
    print(`\n${report}`);
    if (flags.save) print(`kept in ${save(report)}`);
    return 0;
  });
}

/**
 * The client in C and the load generator over TLS, or why not: both with the OpenSSL inside Node, as its versions differ in what a
 * handshake costs, and the client in C with the system's besides.
 */
async function compareSecured(folder: string, connections: number, plain: Size): Promise<Compared | string> {
  const version = openSslVersion();
  if (version === null) return 'SKIPPED: there are no headers of OpenSSL (pkg-config openssl; Debian: libssl-dev)';
  const ours = `the OpenSSL ${process.versions.openssl} inside Node`;
  const contenders = [
    referenceClient('C reference', ours, folder, connections, 'node'),
    { name: 'load generator', version: ours, connections, start: startLoadGenerator },
    referenceClient("C, system's OpenSSL", `OpenSSL ${version}`, folder, connections, 'system'),
  ];
  const server = compileReference('reference-server', folder, 'system');
  return compare(contenders, server, { ...plain, workload: [], tls: true });
}

function referenceClient(
  name: string,
  version: string,
  folder: string,
  connections: number,
  tls: ReferenceTls,
): Contender {
  const compiled = compileReference('reference-client', folder, tls);
  return { name, version, connections, start: async (task) => startReferenceClient(compiled, tls === 'node', task) };
}

function peersNamed(list: string): readonly PeerName[] {
  if (list === 'all') return peerNames;
  if (list === 'none') return [];
  return list.split(',').map((name) => {
    const known = peerNames.find((peer) => peer === name);
    if (known === undefined) throw new Error(`expected all, none, or some of ${peerNames.join(',')}, got '${name}'`);
    return known;
  });
}

function circumstances({ rounds, broadcasts, workload, paceSeconds }: Size, loadBefore: number): readonly string[] {
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return [
    `${new Date().toISOString().slice(0, 10)}, Linux ${release()}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${memory} GiB`,
    `${rounds} rounds in turn, ${broadcasts} broadcasts a round, ${paceSeconds} s apart or more; client and server (C, one process) share the machine`,
    `then, in the load generator and in C: ${formatWorkload(workload)}`,
    `load average of the minute before: ${loadBefore.toFixed(2)}`,
  ];
}

function versionOfOurs(): string {
  return `commit ${gitCommit() ?? 'unknown'}, one load process, Node ${process.version}`;
}

function save(report: string): string {
  const folder = fileURLToPath(new URL('../../docs/benchmarks/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'loadgen.md');
  writeFileSync(
    file,
    `# The load generator beside others\n\nThe last kept run of \`npm run bench:loadgen -- --save\`.\n\n${report}`,
  );
  spawnSync('prettier', ['--write', '--log-level', 'warn', file], { stdio: 'inherit' });
  return file;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

// With an exit, and not by the signal, so that the peers are ended.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await runBenchmarkCommand(usage, options, main);
