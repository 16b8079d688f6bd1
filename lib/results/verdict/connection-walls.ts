import { serverUnitPrefix } from '../../../assets/host/raw.ts';
import { openFilesLimitOf } from '../raw/raw-run.ts';
import type { Wall } from '../schema/verdict.ts';
import { greatest } from '../statistics/numbers.ts';
import { findInLogs, growth, isServer, most, stoppedOrSlowed, type Evidence } from './evidence.ts';
import { conntrackFullShare, conntrackShare, descriptorsLeft, filesFullShare, listenDropShare } from './thresholds.ts';

const descriptorPattern = /too many open files|\bEMFILE\b|\bENFILE\b|file-max limit/i;

/** Walls that connections run into: descriptors, ports, connection tracking, listen queue. */
export function connectionWalls(evidence: Evidence): readonly Wall[] {
  return [
    ...loadDescriptors(evidence),
    ...serverDescriptors(evidence),
    ...machineDescriptors(evidence),
    ...ports(evidence),
    ...conntrack(evidence),
    ...listenQueue(evidence),
  ];
}

function listenQueue(evidence: Evidence): readonly Wall[] {
  const { attempts } = evidence.result.connections;
  return evidence.raw.hosts.filter(isServer).flatMap((host): Wall[] => {
    const overflows = growth(host, ({ tcp }) => tcp.listenOverflows);
    const drops = growth(host, ({ tcp }) => tcp.listenDrops);
    if (Math.max(overflows, drops) <= attempts * listenDropShare) return [];
    return [
      {
        wall: 'listenQueue',
        effect: stoppedOrSlowed(evidence),
        host: host.host,
        evidence: `the listen queue overflowed ${overflows} times and dropped ${drops} connections of ${attempts} attempts (backlog, somaxconn)`,
      },
    ];
  });
}

function ports({ raw, result, reached }: Evidence): readonly Wall[] {
  const { abandoned, connectFailures } = result.connections;
  const { EADDRNOTAVAIL = 0, EADDRINUSE: inUse = 0, ...others } = connectFailures;
  // An address that went away is no port that ran out: addressesLost tells of it.
  const addressesStayed = raw.hosts.every(
    ({ samples, facts }) => !samples.some(({ addresses }) => addresses < (facts?.addresses.length ?? 0)),
  );
  const unavailable = addressesStayed ? EADDRNOTAVAIL : 0;
  // A port in use is tried again with the next one; it is a wall only when connections were given up for it, and not for something else.
  if (reached || abandoned === 0 || unavailable + inUse === 0) return [];
  if ((greatest(Object.values(others)) ?? 0) > unavailable + inUse) return [];
  return [
    {
      wall: 'ports',
      effect: 'stopped',
      host: null,
      evidence: `the load hosts ran out of local ports or addresses: ${unavailable} EADDRNOTAVAIL, ${inUse} EADDRINUSE`,
    },
  ];
}

function loadDescriptors(evidence: Evidence): readonly Wall[] {
  const { EMFILE: ofProcess = 0, ENFILE: ofMachine = 0 } = evidence.result.connections.connectFailures;
  if (ofProcess + ofMachine === 0) return [];
  return [
    {
      wall: 'descriptors',
      effect: stoppedOrSlowed(evidence),
      host: null,
      evidence: `load processes ran out of descriptors: ${ofProcess} EMFILE (limit of a process), ${ofMachine} ENFILE (fs.file-max)`,
    },
  ];
}

function serverDescriptors(evidence: Evidence): readonly Wall[] {
  return evidence.raw.hosts.filter(isServer).flatMap((host): Wall[] => {
    const found: string[] = [];
    const full = host.samples.flatMap(({ units }) =>
      Object.entries(units).filter(
        ([unit, { openFiles, openFilesLimit }]) =>
          unit.startsWith(serverUnitPrefix) &&
          openFiles !== null &&
          openFilesLimit !== null &&
          openFiles >= openFilesLimit - descriptorsLeft,
      ),
    );
    const last = full.at(-1)?.[1];
    // Many servers say nothing when accept() fails, and some close what they cannot keep. A server that has just enough is at no wall.
    if (last !== undefined && turnedAway(evidence)) {
      const processes = new Set(full.map(([unit]) => unit)).size;
      found.push(
        `${processes} of its processes had ${last.openFiles ?? 0} descriptors open where ${last.openFilesLimit ?? 0} are allowed (nofile)`,
      );
    }
    const line = findInLogs(host, descriptorPattern);
    if (line !== null) found.push(line);
    if (found.length === 0) return [];
    return [
      {
        wall: 'descriptors',
        effect: stoppedOrSlowed(evidence),
        host: host.host,
        evidence: `the server ran out of descriptors (limit ${openFilesLimitOf(host) ?? 'unknown'} a process): ${found.join('; ')}`,
      },
    ];
  });
}

/** Whether any connection failed, was lost or is still wanted: else nothing was lacking. */
function turnedAway({ reached, result }: Evidence): boolean {
  const { connectFailures, lost } = result.connections;
  return !reached || Object.keys(connectFailures).length > 0 || Object.keys(lost).length > 0;
}

function machineDescriptors(evidence: Evidence): readonly Wall[] {
  const full = evidence.raw.hosts.find((host) =>
    host.samples.some(({ files }) => files.most > 0 && files.open >= files.most * filesFullShare),
  );
  if (full === undefined || !turnedAway(evidence)) return [];
  return [
    {
      wall: 'descriptors',
      effect: stoppedOrSlowed(evidence),
      host: full.host,
      evidence: `the machine had ${most(full, ({ files }) => files.open)} descriptors open where fs.file-max allows ${most(full, ({ files }) => files.most)}`,
    },
  ];
}

function conntrack(evidence: Evidence): readonly Wall[] {
  const { peak } = evidence.result.connections;
  return evidence.raw.hosts.flatMap((host): Wall[] => {
    const entries = most(host, (sample) => sample.conntrackEntries);
    // The limit may be changed during a run: what counts is the one that the most entries met.
    const limit = host.samples.findLast(({ conntrackEntries }) => conntrackEntries === entries)?.conntrackMost ?? 0;
    const drops = growth(host, (sample) => sample.conntrackDrops);
    const full = entries > 0 && (drops > 0 || (limit > 0 && entries >= limit * conntrackFullShare));
    if (!full && (peak === 0 || entries < peak * conntrackShare)) return [];
    return [
      {
        wall: 'conntrack',
        effect: full ? stoppedOrSlowed(evidence) : 'slowed',
        host: host.host,
        evidence: full
          ? `the table of connection tracking was full: ${entries} entries of ${limit} (nf_conntrack_max), ${drops} packets dropped for it`
          : `connection tracking followed the load: ${entries} entries at ${peak} connections; each packet paid for it, and a full table (${limit}) drops`,
      },
    ];
  });
}
