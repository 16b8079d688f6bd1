import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import os from 'node:os';
import { execFileSync } from 'node:child_process';
import type { HostFacts } from '../raw.ts';
import { readInstance } from './instance.ts';
import { readText } from './proc.ts';

type SysctlFact = HostFacts['sysctls'][number];

/** Reads one line of tuning.conf, `op key = value`; null for anything else. */
export function parseTuningLine(line: string): Pick<SysctlFact, 'operator' | 'key' | 'wanted'> | null {
  const match = /^(set|atleast) (\S+) = (.+)$/.exec(line.trim());
  if (match === null) return null;
  const [, operator, key = '', wanted = ''] = match;
  return { operator: operator === 'set' ? 'set' : 'atleast', key, wanted };
}

/** Whether what is in force satisfies what is wanted: the same numbers, or each at least as high. */
export function satisfies(operator: 'set' | 'atleast', wanted: string, actual: string): boolean {
  const split = (text: string): readonly string[] => text.trim().split(/[\s,]+/);
  const [wantedParts, actualParts] = [split(wanted), split(actual)];
  return wantedParts.every((part, place) => {
    const found = actualParts[place] ?? '';
    if (operator === 'set') return part === found;
    // BigInt: fs.file-max is 2^63 - 1 on many machines.
    return /^\d+$/.test(found) && BigInt(found) >= BigInt(part);
  });
}

/** Every tuned value with what is in force, and whether this host could have changed it. */
function readSysctls(tuning: string): readonly (SysctlFact & { readonly writable: boolean })[] {
  return tuning.split('\n').flatMap((line) => {
    const wanted = parseTuningLine(line);
    if (wanted === null) return [];
    const file = `/proc/sys/${wanted.key.replaceAll('.', '/')}`;
    const actual = readText(file)?.trim().replaceAll(/\s+/g, ' ') ?? null;
    const ok = actual !== null && satisfies(wanted.operator, wanted.wanted, actual);
    return [{ ...wanted, actual, ok, writable: actual !== null && isWritable(file) }];
  });
}

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** IPv4 addresses of this host outside loopback, in the load subnet's order. */
export function loadAddresses(): readonly string[] {
  return Object.values(os.networkInterfaces())
    .flatMap((interfaceAddresses) => interfaceAddresses ?? [])
    .filter((address) => address.family === 'IPv4' && !address.internal)
    .map((address) => address.address);
}

function hardOpenFilesLimit(): number {
  const line = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return Number(line?.[1] ?? 0);
}

/** The first version number that a command prints; null when it cannot be run or prints none. */
export function versionOf(command: string, commandArguments: readonly string[]): string | null {
  try {
    const printed = execFileSync(command, commandArguments, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return /\d+(\.\d+)+[^\s"]*/.exec(printed)?.[0] ?? null;
  } catch {
    return null;
  }
}

/** What is true of this machine whatever the lab wants of it. */
export function machineFacts(): Omit<
  HostFacts,
  'schema' | 'run' | 'host' | 'role' | 'sysctls' | 'warnings' | 'versions' | 'instance'
> {
  return {
    unixMillis: Date.now(),
    kernel: os.release(),
    osRelease: /^PRETTY_NAME="?(.*?)"?$/m.exec(readText('/etc/os-release') ?? '')?.[1] ?? 'unknown',
    cpuModel: os.cpus()[0]?.model ?? 'unknown',
    cpus: os.cpus().length,
    memoryBytes: os.totalmem(),
    openFilesLimit: hardOpenFilesLimit(),
    fileMax: Number(readText('/proc/sys/fs/file-max') ?? 0),
    addresses: loadAddresses(),
    clockSource: readText('/sys/devices/system/clocksource/clocksource0/current_clocksource')?.trim() ?? null,
  };
}

/** What runs the JVM that servers on it choose, which need not be the one on the PATH; `$0` is servers/java.sh. */
const newestJava = '. "$0" && use_newest_java 17 java && exec "$JAVA_HOME/bin/java" --version';

if (import.meta.main) {
  const [outputFile = ''] = process.argv.slice(2);
  const environment = process.env;
  const checked = readSysctls(readFileSync('/opt/c1mlab/tuning.conf', 'utf8'));
  const expected = [environment['C1M_ADDRESS'] ?? ''].concat((environment['C1M_SOURCE_ADDRESSES'] ?? '').split(' '));
  const machine = machineFacts();
  const missing = [...new Set(expected)].filter((address) => address !== '' && !machine.addresses.includes(address));
  const conntrackEntries = Number(readText('/proc/sys/net/netfilter/nf_conntrack_count') ?? 0);
  const warnings = checked
    .filter(({ ok, writable }) => !ok && !writable)
    .map(
      ({ key, wanted, actual }) =>
        `${key} should be ${wanted}, is ${actual ?? 'not visible'}, and this host may not change it`,
    );
  if (conntrackEntries > 0) warnings.push(`connection tracking is active: ${conntrackEntries} entries`);
  const versions = Object.entries({
    node: process.version,
    java: versionOf('bash', ['-c', newestJava, join(import.meta.dirname, '../../servers/java.sh')]),
    go: versionOf('go', ['version']),
  });
  const facts: HostFacts = {
    schema: 1,
    run: basename(dirname(outputFile)),
    host: environment['C1M_HOST'] ?? '',
    role: environment['C1M_ROLE'] === 'server' ? 'server' : 'load',
    ...machine,
    sysctls: checked.map(({ key, operator, wanted, actual, ok }) => ({ key, operator, wanted, actual, ok })),
    warnings,
    versions: Object.fromEntries(versions.flatMap(([name, version]) => (version === null ? [] : [[name, version]]))),
    instance: await readInstance(),
  };
  writeFileSync(outputFile, `${JSON.stringify(facts, null, 1)}\n`);

  const untuned = checked.filter(({ ok, writable }) => !ok && writable);
  for (const { key, wanted, actual } of untuned) {
    process.stderr.write(`${facts.host} is not tuned: ${key} should be ${wanted}, is ${actual ?? 'missing'}\n`);
  }
  if (missing.length > 0) {
    process.stderr.write(
      `${facts.host} lacks ${missing.length} of its addresses on the load network: ${missing.join(', ')}\n`,
    );
  }
  if (untuned.length > 0 || missing.length > 0) process.exitCode = 1;
}
