import { openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Allowances } from './sampling/allowances.ts';
import { loadAddresses } from './facts.ts';
import { deepestListenQueue, listListeningSockets } from './sampling/listen-queue.ts';
import {
  parseBacklogDrops,
  parseCounterTable,
  parseFileNumbers,
  parseInterfaces,
  parseKilobyteLines,
  parseProcessorTimes,
  parseSecondsWithChildren,
  parseSockets,
  parseVirtualMemoryCounter,
  readText,
  sumConntrackColumn,
} from './proc.ts';
import { UnitSampler } from './sampling/sample-units.ts';
import { serverUnitPrefix, type HostSample } from '../raw.ts';

/** How often a sample is taken. */
const periodMillis = 1000;

/** Units as the host commands wrote them down, `unit<TAB>pid` a line; the last line of a unit counts. */
export function parseUnits(text: string): ReadonlyMap<string, number> {
  const units = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [unit, pid] = line.split('\t');
    if (unit !== undefined && pid !== undefined && Number(pid) > 0) units.set(unit, Number(pid));
  }
  return units;
}

/** Whether there is a listen queue to look at: a load host has none, and looking costs milliseconds. */
function holdsServers(units: ReadonlyMap<string, number>): boolean {
  return [...units.keys()].some((unit) => unit.startsWith(serverUnitPrefix));
}

/** The host now. */
export function takeSample(
  units: ReadonlyMap<string, number>,
  unitSampler: UnitSampler = new UnitSampler(),
  allowanceExceeded: HostSample['network']['allowanceExceeded'] = null,
): HostSample {
  const memory = parseKilobyteLines(readText('/proc/meminfo') ?? '');
  const tcp = parseCounterTable(`${readText('/proc/net/netstat') ?? ''}${readText('/proc/net/snmp') ?? ''}`);
  const count = (name: string): number => tcp.get(name) ?? 0;
  const conntrack = readText('/proc/net/stat/nf_conntrack') ?? '';
  return {
    unixMillis: Date.now(),
    monotonicMicros: Math.round(Number(process.hrtime.bigint() / 1000n)),
    cpu: parseProcessorTimes(readText('/proc/stat') ?? ''),
    memory: {
      availableBytes: memory.get('MemAvailable') ?? 0,
      slabUnreclaimableBytes: memory.get('SUnreclaim') ?? 0,
      slabReclaimableBytes: memory.get('SReclaimable') ?? 0,
      swapUsedBytes: (memory.get('SwapTotal') ?? 0) - (memory.get('SwapFree') ?? 0),
      oomKills: parseVirtualMemoryCounter(readText('/proc/vmstat') ?? '', 'oom_kill'),
    },
    files: parseFileNumbers(readText('/proc/sys/fs/file-nr') ?? ''),
    sockets: {
      ...parseSockets(readText('/proc/net/sockstat') ?? '', readText('/proc/net/sockstat6') ?? ''),
      listenQueue: holdsServers(units) ? deepestListenQueue(listListeningSockets()) : null,
    },
    network: {
      ...parseInterfaces(readText('/proc/net/dev') ?? ''),
      backlogDropped: parseBacklogDrops(readText('/proc/net/softnet_stat') ?? ''),
      allowanceExceeded,
    },
    tcp: {
      listenOverflows: count('TcpExt:ListenOverflows'),
      listenDrops: count('TcpExt:ListenDrops'),
      retransmittedSegments: count('Tcp:RetransSegs'),
      retransmittedSyns: count('TcpExt:TCPSynRetrans'),
      retransmittedInVain: count('TcpExt:TCPDSACKRecv') + count('TcpExt:TCPDSACKOfoRecv'),
      resetsSent: count('Tcp:OutRsts'),
      receiveQueueDrops:
        count('TcpExt:TCPRcvQDrop') + count('TcpExt:TCPBacklogDrop') + count('TcpExt:TCPZeroWindowDrop'),
      memoryPressures: count('TcpExt:TCPMemoryPressures'),
      abortedForMemory: count('TcpExt:TCPAbortOnMemory'),
    },
    conntrackEntries: Number(readText('/proc/sys/net/netfilter/nf_conntrack_count') ?? 0),
    conntrackMost: Number(readText('/proc/sys/net/netfilter/nf_conntrack_max') ?? 0),
    conntrackDrops: sumConntrackColumn(conntrack, 'drop') + sumConntrackColumn(conntrack, 'insert_failed'),
    addresses: loadAddresses().length,
    units: unitSampler.sample(units),
    samplerSeconds: parseSecondsWithChildren(readText('/proc/self/stat') ?? ''),
  };
}

if (import.meta.main) {
  const [folder = ''] = process.argv.slice(2);
  const unitsFile = join(folder, 'units.tsv');
  const output = openSync(join(folder, 'samples.jsonl'), 'a');
  const unitSampler = new UnitSampler();
  const allowances = new Allowances();
  let units: ReadonlyMap<string, number> = new Map();
  let unitsChangedMillis = -1;
  const tick = (): void => {
    const changedMillis = statSync(unitsFile, { throwIfNoEntry: false })?.mtimeMs ?? -1;
    if (changedMillis !== unitsChangedMillis) {
      units = parseUnits(readFileSync(unitsFile, 'utf8'));
      unitsChangedMillis = changedMillis;
    }
    // One write a line, so that a reader never sees half of one.
    writeSync(output, `${JSON.stringify(takeSample(units, unitSampler, allowances.counts))}\n`);
  };
  void allowances.watch();
  tick();
  setInterval(tick, periodMillis);
}
