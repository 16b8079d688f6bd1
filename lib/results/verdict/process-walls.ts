import { serverUnitPrefix } from '../../../assets/host/raw.ts';
import { resultRoom } from '../phases/rooms.ts';
import type { RawHost } from '../raw/raw-run.ts';
import type { Wall } from '../schema/verdict.ts';
import { withUnit } from '../../text/units.ts';
import { serverUnits } from '../statistics/server-samples.ts';
import { addressesGone, findInLogs, growth, isServer, longestRun, stoppedOrSlowed, type Evidence } from './evidence.ts';
import { leastAvailableShare, standStillSamples, swapGrowthBytes, unansweredShare } from './thresholds.ts';

const memoryPattern = /OutOfMemoryError|heap out of memory|cannot allocate memory|\bENOMEM\b|out of memory/i;

/** Walls of memory and of processes that died. */
export function processWalls(evidence: Evidence): readonly Wall[] {
  return evidence.raw.hosts.flatMap((host) => [
    ...outOfMemory(evidence, host),
    ...swap(host),
    ...(isServer(host) ? [...serverDied(host), ...serverStoodStill(evidence, host)] : loadProcessDied(host)),
  ]);
}

function outOfMemory(evidence: Evidence, host: RawHost): readonly Wall[] {
  const found: string[] = [];
  const killed = host.unitEnds.filter(({ result }) => result === 'oom-kill');
  if (killed.length > 0) found.push(`the kernel killed ${killed.map(({ unit }) => unit).join(', ')} for memory`);
  // The kernel may have killed one process of several, which no unit tells of.
  const kills = growth(host, ({ memory }) => memory.oomKills);
  if (killed.length === 0 && kills > 0 && (isServer(host) ? serverDied(host) : loadProcessDied(host)).length > 0) {
    const gone = goneUnits(host, serverUnitPrefix).join(', ');
    const whose = gone === '' ? "one of this host's" : gone;
    found.push(`the kernel killed ${kills} processes of the machine for memory while ${whose} ended`);
  }
  const line = findInLogs(host, memoryPattern);
  if (line !== null) found.push(line);
  const total = host.facts?.memoryBytes ?? 0;
  const least = host.samples.reduce((bytes, { memory }) => Math.min(bytes, memory.availableBytes), Infinity);
  if (least < total * leastAvailableShare) {
    found.push(`${withUnit('bytes', least)} of ${withUnit('bytes', total)} were left`);
  }
  const aborted = growth(host, ({ tcp }) => tcp.abortedForMemory);
  const pressures = growth(host, ({ tcp }) => tcp.memoryPressures);
  if (aborted + pressures > 0) {
    found.push(
      `TCP came under memory pressure ${pressures} times (net.ipv4.tcp_mem) and ended ${aborted} connections for it`,
    );
  }
  if (isServer(host)) {
    const refused = evidence.result.connections.connectFailures['ENOBUFS'] ?? 0;
    if (refused > 0) found.push(`${refused} ENOBUFS: the kernel had no memory for sockets`);
  }
  return found.length === 0
    ? []
    : [{ wall: 'memory', effect: stoppedOrSlowed(evidence), host: host.host, evidence: found.join('; ') }];
}

function swap(host: RawHost): readonly Wall[] {
  const grown = growth(host, ({ memory }) => memory.swapUsedBytes);
  if (grown < swapGrowthBytes) return [];
  return [
    {
      wall: 'swap',
      effect: 'invalidates',
      host: host.host,
      evidence: `${withUnit('bytes', grown)} went to swap during the measurement: memory figures are too low and latencies include the disk`,
    },
  ];
}

/** Units that were there and are gone: missing in the last sample, or not active when the files were collected, before anything is stopped. */
function goneUnits(host: RawHost, prefix: string): readonly string[] {
  const seen = new Set(
    host.samples.flatMap((sample) => Object.keys(sample.units).filter((unit) => unit.startsWith(prefix))),
  );
  for (const { unit } of host.serverStart?.processes ?? []) if (unit.startsWith(prefix)) seen.add(unit);
  const last = host.samples.at(-1);
  return [...seen].filter((unit) => {
    const end = host.unitEnds.find((candidate) => candidate.unit === unit);
    if (end !== undefined) return end.activeState !== 'active';
    return last !== undefined && !(unit in last.units);
  });
}

/** How units ended, as far as systemd says it. */
function endOf(host: RawHost, units: readonly string[]): string {
  return units
    .map((unit) => {
      const end = host.unitEnds.find((candidate) => candidate.unit === unit);
      return end === undefined ? unit : `${unit} (${end.result}, status ${end.exitStatus})`;
    })
    .join(', ');
}

function serverDied(host: RawHost): readonly Wall[] {
  const gone = goneUnits(host, serverUnitPrefix);
  if (gone.length === 0) return [];
  const since = host.samples.find(
    (sample, index) =>
      index > 0 && gone.some((unit) => !(unit in sample.units) && unit in (host.samples[index - 1]?.units ?? {})),
  );
  const [first] = host.samples;
  const when =
    since === undefined || first === undefined
      ? ''
      : ` after ${Math.round((since.monotonicMicros - first.monotonicMicros) / 1e6)} s of sampling`;
  return [{ wall: 'serverDied', effect: 'stopped', host: host.host, evidence: `gone${when}: ${endOf(host, gone)}` }];
}

/**
 * A server that was there and did nothing: stopped from outside, as its samples show, or open connections and a workload that ran to
 * its end, of which a part was never answered.
 */
function serverStoodStill({ raw, result }: Evidence, host: RawHost): readonly Wall[] {
  const stopped = longestRun(host.samples, (sample) => serverUnits(sample).some((unit) => unit.stopped));
  const found: string[] = [];
  if (stopped >= standStillSamples) {
    found.push(`stood still: a process of it was stopped (by a signal or a debugger) in ${stopped} samples in a row`);
  }
  const leftUndone: string[] = [];
  const drove = raw.record.steps.some(({ name, status }) => name === 'drive' && status === 'Success');
  // Connections of an address that went away get no answer, whatever the server does.
  const isCutOff = raw.hosts.some((one) => addressesGone(one).gone > 0);
  if (drove && !isCutOff && goneUnits(host, serverUnitPrefix).length === 0) {
    const hasLost = Object.keys(result.connections.lost).length > 0;
    for (const phase of result.phases) {
      const unserved = resultRoom(phase.kind).unserved(phase);
      if (unserved === null || unserved.share <= unansweredShare || (hasLost && unserved.unlessLost)) continue;
      leftUndone.push(unserved.sentence);
    }
  }
  // Whoever answers most of it did not stand still.
  if (leftUndone.length > 0) found.push(`left undone what it should have: ${leftUndone.join('; ')}`);
  if (found.length === 0) return [];
  const evidence = `the server ${found.join('; and ')}`;
  return [{ wall: 'serverStoodStill', effect: 'invalidates', host: host.host, evidence }];
}

function loadProcessDied(host: RawHost): readonly Wall[] {
  const gone = goneUnits(host, 'c1m-loadgen');
  const failed = host.loadStatus?.phase === 'failed';
  if (gone.length === 0 && !failed) return [];
  return [
    {
      wall: 'loadProcessDied',
      effect: 'invalidates',
      host: host.host,
      evidence: failed ? (host.loadStatus?.reason ?? 'a load process died') : `gone: ${endOf(host, gone)}`,
    },
  ];
}
