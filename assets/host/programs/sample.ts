import { openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { loadAddresses } from './facts.ts';
import {
  parseCounterTable,
  parseInterfaces,
  parseKilobyteLines,
  parseProcessorTimes,
  parseProcessSeconds,
  parseSockets,
  readText,
} from './proc.ts';
import type { HostSample, UnitSample } from '../raw.ts';

/** How often a sample is taken. */
const periodMillis = 1000;

/** One process and all its descendants, which the kernel lists only by parent. */
function processTree(pid: number): readonly number[] {
  const children = (readText(`/proc/${pid}/task/${pid}/children`) ?? '').trim();
  return [
    pid,
    ...children
      .split(' ')
      .filter(Boolean)
      .flatMap((child) => processTree(Number(child))),
  ];
}

/** Memory and processor time of a unit, its processes summed; null when the process is gone. */
function sampleUnit(pid: number): UnitSample | null {
  let found = false;
  const sum = { pid, rssBytes: 0, anonymousBytes: 0, cpuSeconds: 0 };
  for (const process of processTree(pid)) {
    const status = readText(`/proc/${process}/status`);
    const stat = readText(`/proc/${process}/stat`);
    if (status === null || stat === null) continue;
    found = true;
    const sizes = parseKilobyteLines(status);
    sum.rssBytes += sizes.get('VmRSS') ?? 0;
    sum.anonymousBytes += sizes.get('RssAnon') ?? 0;
    sum.cpuSeconds += parseProcessSeconds(stat);
  }
  return found ? sum : null;
}

/** Units as the verbs wrote them down, `unit<TAB>pid` a line; the last line of a unit counts. */
export function parseUnits(text: string): ReadonlyMap<string, number> {
  const units = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [unit, pid] = line.split('\t');
    if (unit !== undefined && pid !== undefined && Number(pid) > 0) units.set(unit, Number(pid));
  }
  return units;
}

/** The host now. */
export function takeSample(units: ReadonlyMap<string, number>): HostSample {
  const memory = parseKilobyteLines(readText('/proc/meminfo') ?? '');
  const tcp = parseCounterTable(`${readText('/proc/net/netstat') ?? ''}${readText('/proc/net/snmp') ?? ''}`);
  const samples = [...units].flatMap(([unit, pid]) => {
    const sample = sampleUnit(pid);
    return sample === null ? [] : [[unit, sample] as const];
  });
  return {
    unixMillis: Date.now(),
    monotonicMicros: Math.round(Number(process.hrtime.bigint() / 1000n)),
    cpu: parseProcessorTimes(readText('/proc/stat') ?? ''),
    memory: {
      availableBytes: memory.get('MemAvailable') ?? 0,
      slabUnreclaimableBytes: memory.get('SUnreclaim') ?? 0,
      slabReclaimableBytes: memory.get('SReclaimable') ?? 0,
      swapUsedBytes: (memory.get('SwapTotal') ?? 0) - (memory.get('SwapFree') ?? 0),
    },
    sockets: parseSockets(readText('/proc/net/sockstat') ?? '', readText('/proc/net/sockstat6') ?? ''),
    network: parseInterfaces(readText('/proc/net/dev') ?? ''),
    tcp: {
      listenOverflows: tcp.get('TcpExt:ListenOverflows') ?? 0,
      listenDrops: tcp.get('TcpExt:ListenDrops') ?? 0,
      retransmittedSegments: tcp.get('Tcp:RetransSegs') ?? 0,
      resetsSent: tcp.get('Tcp:OutRsts') ?? 0,
    },
    conntrackEntries: Number(readText('/proc/sys/net/netfilter/nf_conntrack_count') ?? 0),
    addresses: loadAddresses().length,
    units: Object.fromEntries(samples),
  };
}

if (import.meta.main) {
  const [folder = ''] = process.argv.slice(2);
  const unitsFile = join(folder, 'units.tsv');
  const output = openSync(join(folder, 'samples.jsonl'), 'a');
  let units: ReadonlyMap<string, number> = new Map();
  let unitsChangedMillis = -1;
  const tick = (): void => {
    const changedMillis = statSync(unitsFile, { throwIfNoEntry: false })?.mtimeMs ?? -1;
    if (changedMillis !== unitsChangedMillis) {
      units = parseUnits(readFileSync(unitsFile, 'utf8'));
      unitsChangedMillis = changedMillis;
    }
    // One write a line, so that a reader never sees half of one.
    writeSync(output, `${JSON.stringify(takeSample(units))}\n`);
  };
  tick();
  setInterval(tick, periodMillis);
}
