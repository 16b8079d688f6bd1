import { UsageError } from '../commands/exit-codes.ts';

/** What a whole lab is to open, and with which addresses one of its hosts does its part. */
export interface LoadPlan {
  /** Connections of the whole lab. */
  readonly connections: number;
  readonly hosts: number;
  /** 0-based. */
  readonly hostIndex: number;
  /** Load processes on this host. */
  readonly processes: number;
  readonly serverPorts: readonly number[];
  /** This host's source addresses. */
  readonly sources: readonly string[];
  readonly localPorts: { readonly first: number; readonly last: number };
}

/** Where a connection begins and ends; server ports and sources as indexes into the plan's lists. */
export interface Endpoints {
  readonly serverPort: number;
  readonly source: number;
  readonly localPort: number;
}

/** The connections of one load process: a pure function of the plan. */
export interface Share {
  /** How many connections this process opens. */
  readonly count: number;
  /** The number of its first one among those of the host. */
  readonly first: number;
  /** How many the processes before it open in the whole lab. */
  readonly before: number;
  /** How many this host opens. */
  readonly hostCount: number;
  /** Whether local addresses and ports are used towards several server ports, which takes SO_REUSEADDR. */
  readonly sharesLocalPorts: boolean;
  /** Endpoints of this process's n-th connection, 0-based. */
  endpoints(n: number): Endpoints;
  /** Endpoints that no other connection of the lab has, to the same server port, for the m-th time one's own were taken; null when there are no more. */
  spare(serverPort: number, m: number): Endpoints | null;
}

/**
 * Works out the share of one process of this host. Connection j of a host goes to server port (start + j) mod P and uses
 * local endpoint j mod E. Server ports get equal numbers over the whole lab; and since E is made to have no common factor
 * with P, no pair of the two comes twice before all E x P have been used. Sorted by server port, the connections are cut into
 * equal shares: a process has those to few ports, so that what a server sends wakes few processes, not all of them for a
 * handful of messages each; it begins them in such an order that its ports get theirs evenly. Throws when the host cannot have so many.
 */
export function shareOf(plan: LoadPlan, process: number): Share {
  const { serverPorts, sources, localPorts } = plan;
  const ports = serverPorts.length;
  const localPortCount = localPorts.last - localPorts.first + 1;
  const endpointCount = coprimeAtMost(sources.length * localPortCount, ports);
  const hostStart = split(plan.connections, plan.hosts, plan.hostIndex);
  const hostCount = split(plan.connections, plan.hosts, plan.hostIndex + 1) - hostStart;
  if (hostCount > endpointCount * ports) {
    throw new UsageError(
      `${hostCount} connections from this host do not fit: ${sources.length} source addresses x ${localPortCount} local ports ` +
        `x ${ports} server ports give ${endpointCount * ports}`,
      { hint: 'give more source addresses or server ports, or a wider range of local ports' },
    );
  }
  const first = split(hostCount, plan.processes, process);
  const sharesLocalPorts = hostCount > endpointCount;
  const count = split(hostCount, plan.processes, process + 1) - first;
  const step = ports === 1 ? 1 : strideOf(count);
  const at = (j: number): Endpoints => {
    const endpoint = j % endpointCount;
    return {
      serverPort: (hostStart + j) % ports,
      source: endpoint % sources.length,
      localPort: localPorts.first + Math.floor(endpoint / sources.length),
    };
  };
  return {
    count,
    first,
    before: hostStart + first,
    hostCount,
    sharesLocalPorts,
    endpoints: (n) => at(sortedByPort(first + ((n * step) % count), hostCount, ports)),
    spare(serverPort, m) {
      const firstSpare = hostCount + ((((serverPort - hostStart - hostCount) % ports) + ports) % ports);
      const j = firstSpare + ports * (m * plan.processes + process);
      return j < (sharesLocalPorts ? endpointCount * ports : endpointCount) ? at(j) : null;
    },
  };
}

/** Where the n-th of `parts` nearly equal parts of `total` begins. */
function split(total: number, parts: number, n: number): number {
  return Math.floor((total * n) / parts);
}

/** The r-th of the numbers below `count` when these are sorted by their remainder modulo `ports`, and then by size. */
function sortedByPort(r: number, count: number, ports: number): number {
  const least = Math.floor(count / ports);
  // So many remainders come up once more than the others.
  const fuller = count % ports;
  const inFuller = fuller * (least + 1);
  if (r < inFuller) return (r % (least + 1)) * ports + Math.floor(r / (least + 1));
  const rest = r - inFuller;
  return (rest % least) * ports + fuller + Math.floor(rest / least);
}

/** A step that visits all of so many places before it comes to one again, and neighbours far apart in time: near the golden section. */
function strideOf(count: number): number {
  return coprimeAtMost(Math.max(1, Math.round(count * 0.618)), count);
}

function coprimeAtMost(most: number, other: number): number {
  let candidate = most;
  while (candidate > 1 && greatestCommonDivisor(candidate, other) !== 1) candidate -= 1;
  return candidate;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
