import { closeSync, openSync, readSync } from 'node:fs';

// One buffer for all: the kernel's files have no size to ask for, and sampling reads some hundred of them a second.
const buffer = Buffer.allocUnsafe(256 * 1024);

/** The text of a file of /proc or /sys (its first 256 KiB), or null when it is not there (a process ended, a namespace hides it). */
export function readText(file: string): string | null {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(file, 'r');
    let length = 0;
    for (;;) {
      const read = readSync(descriptor, buffer, length, buffer.length - length, null);
      length += read;
      if (read === 0 || length === buffer.length) return buffer.toString('utf8', 0, length);
    }
  } catch {
    return null;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
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
  stolenSeconds: number;
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
    stolenSeconds: steal,
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

/** Packets that the machine's processors dropped because their backlog was full: /proc/net/softnet_stat, hexadecimal, a line each. */
export function parseBacklogDrops(text: string): number {
  return text
    .split('\n')
    .reduce((sum, line) => sum + (line === '' ? 0 : Number.parseInt(line.split(' ')[1] ?? '0', 16)), 0);
}

/** Sums a column of /proc/net/stat/nf_conntrack: a line of names, then one of hexadecimal numbers a processor. */
export function sumConntrackColumn(text: string, name: string): number {
  const [names = '', ...lines] = text.split('\n');
  const column = names.trim().split(/\s+/).indexOf(name);
  if (column === -1) return 0;
  return lines.reduce((sum, line) => {
    const value = line.trim().split(/\s+/)[column];
    return value === undefined || value === '' ? sum : sum + Number.parseInt(value, 16);
  }, 0);
}

/** One counter of /proc/vmstat; 0 where the kernel has no such counter. */
export function parseVirtualMemoryCounter(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

/** Descriptors open and fs.file-max, from /proc/sys/fs/file-nr; the limit is often 2^63 - 1, which is rounded. */
export function parseFileNumbers(text: string): { open: number; most: number } {
  const [open = 0, , most = 0] = text.trim().split(/\s+/).map(Number);
  return { open, most };
}

/** Resident memory and the part of it that is the process's own (neither file nor shared), from /proc/<pid>/statm. */
export function parseProcessMemory(statm: string): { rssBytes: number; anonymousBytes: number } {
  const [, resident = 0, shared = 0] = statm.split(' ').map(Number);
  return { rssBytes: resident * pageBytes, anonymousBytes: (resident - shared) * pageBytes };
}

/** Soft limit of open files, from /proc/<pid>/limits; null when it is unlimited. */
export function parseOpenFilesLimit(limits: string): number | null {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? null : Number(soft);
}

/** How long a thread has run or waited for a processor, from /proc/<pid>/schedstat (nanoseconds of both); null without the file. */
export function parseRunnableSeconds(schedstat: string | null): number | null {
  const [ran, waited] = (schedstat ?? '').trim().split(' ').map(Number);
  return ran === undefined || waited === undefined ? null : (ran + waited) / 1e9;
}

/** Whether a process is stopped, by a signal (T) or a tracer (t), from /proc/<pid>/stat (proc_pid_stat(5)). */
export function parseIsStopped(stat: string): boolean {
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3).toUpperCase() === 'T';
}

/** User and system seconds of a process, from /proc/<pid>/stat (its name may hold spaces and parentheses). */
export function parseProcessSeconds(stat: string): number {
  const [user = 0, system = 0] = tickFields(stat);
  return (user + system) / ticksPerSecond;
}

/** The same with the children that it has waited for. */
export function parseSecondsWithChildren(stat: string): number {
  return tickFields(stat).reduce((sum, ticks) => sum + ticks, 0) / ticksPerSecond;
}

/** User and system ticks of a process, and of its children. */
function tickFields(stat: string): readonly number[] {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).map(Number);
}
