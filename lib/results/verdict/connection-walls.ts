import type { Wall } from '../schema/verdict.ts';
import { findInLogs, growth, isServer, stoppedOrSlowed, type Evidence } from './evidence.ts';
import { conntrackShare, listenDropShare } from './thresholds.ts';

const descriptorPattern = /too many open files|\bEMFILE\b|\bENFILE\b|file-max limit/i;

/** Walls that connections run into: listen queue, ports, descriptors, connection tracking, refusal, no answer. */
export function connectionWalls(evidence: Evidence): readonly Wall[] {
  return [
    ...listenQueue(evidence),
    ...ports(evidence),
    ...descriptors(evidence),
    ...conntrack(evidence),
    ...refusedAndTimeouts(evidence),
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

function ports({ result, reached }: Evidence): readonly Wall[] {
  const { EADDRNOTAVAIL: unavailable = 0, EADDRINUSE: inUse = 0 } = result.connections.connectFailures;
  // A port in use is tried again with the next one; it is a wall only when connections were given up for it.
  if (reached || unavailable + inUse === 0) return [];
  return [
    {
      wall: 'ports',
      effect: 'stopped',
      host: null,
      evidence: `the load hosts ran out of local ports or addresses: ${unavailable} EADDRNOTAVAIL, ${inUse} EADDRINUSE`,
    },
  ];
}

function descriptors(evidence: Evidence): readonly Wall[] {
  const { EMFILE: ofProcess = 0, ENFILE: ofMachine = 0 } = evidence.result.connections.connectFailures;
  const walls: Wall[] = [];
  if (ofProcess + ofMachine > 0) {
    walls.push({
      wall: 'descriptors',
      effect: stoppedOrSlowed(evidence),
      host: null,
      evidence: `load processes ran out of descriptors: ${ofProcess} EMFILE (limit of a process), ${ofMachine} ENFILE (fs.file-max)`,
    });
  }
  for (const host of evidence.raw.hosts.filter(isServer)) {
    const line = findInLogs(host, descriptorPattern);
    if (line === null) continue;
    walls.push({
      wall: 'descriptors',
      effect: stoppedOrSlowed(evidence),
      host: host.host,
      evidence: `the server ran out of descriptors (limit ${host.facts?.openFilesLimit ?? 'unknown'} a process): ${line}`,
    });
  }
  return walls;
}

function conntrack(evidence: Evidence): readonly Wall[] {
  const { peak } = evidence.result.connections;
  return evidence.raw.hosts.flatMap((host): Wall[] => {
    const entries = host.samples.reduce((most, sample) => Math.max(most, sample.conntrackEntries), 0);
    if (peak === 0 || entries < peak * conntrackShare) return [];
    return [
      {
        wall: 'conntrack',
        effect: stoppedOrSlowed(evidence),
        host: host.host,
        evidence: `connection tracking followed the load: ${entries} entries at ${peak} connections; each packet paid for it, and a full table drops`,
      },
    ];
  });
}

function refusedAndTimeouts(evidence: Evidence): readonly Wall[] {
  const { connectFailures } = evidence.result.connections;
  if (evidence.reached) return [];
  const walls: Wall[] = [];
  const refused = connectFailures['ECONNREFUSED'] ?? 0;
  if (refused > 0) {
    walls.push({
      wall: 'refused',
      effect: 'stopped',
      host: null,
      evidence: `${refused} attempts were refused: nothing listened on a port of the server`,
    });
  }
  const unanswered = (connectFailures['ETIMEDOUT'] ?? 0) + (connectFailures['handshakeTimeout'] ?? 0);
  if (unanswered > 0) {
    walls.push({
      wall: 'timeouts',
      effect: 'stopped',
      host: null,
      evidence: `${unanswered} attempts had no answer in time (${connectFailures['ETIMEDOUT'] ?? 0} ETIMEDOUT, ${connectFailures['handshakeTimeout'] ?? 0} handshakeTimeout)`,
    });
  }
  return walls;
}
