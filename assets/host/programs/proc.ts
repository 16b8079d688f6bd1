import { readFileSync } from 'node:fs';

/** The text of a file of /proc or /sys, or null when it is not there (a process ended, a namespace hides it). */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** Clock ticks a second in /proc/*\/stat: 100 on every Linux that Node runs on (USER_HZ is part of the kernel's ABI). */
const ticksPerSecond = 100;
const pageBytes = 4096;

/** `Name: value kB` lines, as /proc/meminfo and /proc/<pid>/status have them, in bytes. */
export function parseKilobyteLines(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const match of text.matchAll(/^([A-Za-z_()]+):\s+(\d+) kB$/gm))
    values.set(match[1] ?? '', Number(match[2]) * 1024);
  return values;
}

/** Pairs of a header and a value line with the same prefix, as /proc/net/netstat and /proc/net/snmp have them. */
export function parseCounterTable(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  const lines = text.split('\n');
  for (let line = 0; line + 1 < lines.length; line += 2) {
    const [prefix = '', ...names] = (lines[line] ?? '').split(' ');
    const [, ...numbers] = (lines[line + 1] ?? '').split(' ');
    for (const [place, name] of names.entries()) values.set(`${prefix}${name}`, Number(numbers[place]));
  }
  return values;
}

/** `TCP: inuse 5 orphan 0 tw 2 alloc 7 mem 1` of /proc/net/sockstat (and TCP6 of sockstat6), summed over both texts. */
export function parseSockets(
  sockstat: string,
  sockstat6: string,
): {
  tcpInUse: number;
  orphans: number;
  timeWait: number;
  bufferBytes: number;
} {
  const field = (text: string, line: string, name: string): number =>
    Number(new RegExp(`^${line}:.*\\b${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return {
    tcpInUse: field(sockstat, 'TCP', 'inuse') + field(sockstat6, 'TCP6', 'inuse'),
    orphans: field(sockstat, 'TCP', 'orphan'),
    timeWait: field(sockstat, 'TCP', 'tw'),
    bufferBytes: field(sockstat, 'TCP', 'mem') * pageBytes,
  };
}

/** The machine's processor seconds, all cores summed, from /proc/stat's first line. */
export function parseProcessorTimes(stat: string): {
  busySeconds: number;
  softirqSeconds: number;
  idleSeconds: number;
} {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = (
    stat.split('\n')[0] ?? ''
  )
    .trim()
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) / ticksPerSecond);
  return {
    busySeconds: user + nice + system + irq + softirq + steal,
    softirqSeconds: softirq,
    idleSeconds: idle + iowait,
  };
}

/** Sums of every interface but loopback in /proc/net/dev. */
export function parseInterfaces(text: string): {
  receivedBytes: number;
  sentBytes: number;
  receivedPackets: number;
  sentPackets: number;
  dropped: number;
} {
  const sum = { receivedBytes: 0, sentBytes: 0, receivedPackets: 0, sentPackets: 0, dropped: 0 };
  for (const match of text.matchAll(/^\s*([^\s:]+):(.*)$/gm)) {
    if (match[1] === 'lo') continue;
    const columns = (match[2] ?? '').trim().split(/\s+/).map(Number);
    sum.receivedBytes += columns[0] ?? 0;
    sum.receivedPackets += columns[1] ?? 0;
    sum.sentBytes += columns[8] ?? 0;
    sum.sentPackets += columns[9] ?? 0;
    sum.dropped += (columns[3] ?? 0) + (columns[11] ?? 0);
  }
  return sum;
}

/** User and system seconds of a process, from /proc/<pid>/stat (its name may hold spaces and parentheses). */
export function parseProcessSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
