import type { RawHost } from '../raw/raw-run.ts';
import type { Wall } from '../schema/verdict.ts';
import { addressesGone, growth, isServer, stoppedOrSlowed, type Evidence } from './evidence.ts';
import {
  droppedFloor,
  droppedShare,
  retransmissionsPerListenDrop,
  retransmittedFloor,
  retransmittedShare,
} from './thresholds.ts';

/** Walls of the hosts themselves: addresses lost, packets lost. */
export function hostWalls(evidence: Evidence): readonly Wall[] {
  return [
    ...evidence.raw.hosts.flatMap((host) => [
      ...addressesLost(host),
      ...retransmissions(evidence, host),
      ...dropped(evidence, host),
      ...overAllowance(evidence, host),
    ]),
    ...blindToDrops(evidence),
  ];
}

function addressesLost(host: RawHost): readonly Wall[] {
  const { gone, before } = addressesGone(host);
  if (gone === 0) return [];
  const cameBack = host.samples.at(-1)?.addresses === before;
  return [
    {
      wall: 'addressesLost',
      effect: 'invalidates',
      host: host.host,
      evidence: `${gone} of ${before} addresses on the load network went away during the measurement${gone === before ? ' (the interface was down)' : ''}${cameBack ? ', and came back' : ''}`,
    },
  ];
}

function retransmissions(evidence: Evidence, host: RawHost): readonly Wall[] {
  const all = growth(host, ({ tcp }) => tcp.retransmittedSegments);
  const sent = growth(host, ({ network }) => network.sentPackets);
  // On a busy machine answers come late: what is then sent again was never lost.
  const inVain = growth(host, ({ tcp }) => tcp.retransmittedInVain);
  const again = all - inVain - explainedRetransmissions(evidence);
  if (again < retransmittedFloor || again < sent * retransmittedShare) return [];
  return [
    {
      wall: 'retransmissions',
      effect: stoppedOrSlowed(evidence),
      host: host.host,
      evidence: `${all} segments were sent again, of ${sent} packets sent (${growth(host, ({ tcp }) => tcp.retransmittedSyns)} of them to open connections, ${inVain} for an answer that was only late): packets were lost on the way${backlog(host)}`,
    },
  ];
}

/** Retransmissions that a wall of its own accounts for: a full listen queue, or a full table of connection tracking. */
function explainedRetransmissions({ raw }: Evidence): number {
  const queued = raw.hosts.filter(isServer).reduce(
    (drops, host) =>
      drops +
      Math.max(
        growth(host, ({ tcp }) => tcp.listenDrops),
        growth(host, ({ tcp }) => tcp.listenOverflows),
      ),
    0,
  );
  const untracked = raw.hosts.reduce((drops, host) => drops + growth(host, (sample) => sample.conntrackDrops), 0);
  return queued * retransmissionsPerListenDrop + untracked;
}

/** The machine's own part in lost packets, where it had one. */
function backlog(host: RawHost): string {
  const drops = growth(host, ({ network }) => network.backlogDropped);
  return drops === 0
    ? ''
    : `; ${drops} found the queue of a processor full (net.core.netdev_max_backlog, of the whole machine)`;
}

function dropped(evidence: Evidence, host: RawHost): readonly Wall[] {
  const lost = growth(host, ({ network }) => network.dropped);
  const received = growth(host, ({ network }) => network.receivedPackets);
  if (lost < droppedFloor || lost < received * droppedShare) return [];
  return [
    {
      wall: 'packetsDropped',
      effect: stoppedOrSlowed(evidence),
      host: host.host,
      evidence: `${lost} packets were dropped at the interfaces, of ${received} received`,
    },
  ];
}

/** What EC2 held back at a host's interfaces because an allowance of its instance type was used up. */
function overAllowance(evidence: Evidence, host: RawHost): readonly Wall[] {
  const [first, last] = [host.samples[0]?.network.allowanceExceeded, host.samples.at(-1)?.network.allowanceExceeded];
  const grown = Object.entries(last ?? {})
    .map(([name, count]) => [name, count - (first?.[name] ?? 0)] as const)
    .filter(([, count]) => count > 0);
  const wall = (name: Wall['wall'], counts: typeof grown): readonly Wall[] =>
    counts.length === 0
      ? []
      : [
          {
            wall: name,
            effect: stoppedOrSlowed(evidence),
            host: host.host,
            evidence: `packets were queued or dropped for the instance's allowance: ${counts.map(([counter, count]) => `${count} ${counter}`).join(', ')}`,
          },
        ];
  const tracked = (name: string): boolean => name.startsWith('conntrack_');
  return [
    ...wall(
      'conntrack',
      grown.filter(([name]) => tracked(name)),
    ),
    ...wall(
      'packetsDropped',
      grown.filter(([name]) => !tracked(name)),
    ),
  ];
}

/** Hosts of their own whose drivers do not count what EC2 drops: its absence shows nothing. */
function blindToDrops({ raw, hostsShareOneMachine }: Evidence): readonly Wall[] {
  const blind = raw.hosts.filter(
    ({ samples }) => samples.length > 0 && samples.every(({ network }) => network.allowanceExceeded === null),
  );
  // Only hosts of a lab are known to be instances with an allowance.
  if (hostsShareOneMachine || blind.length === 0 || !raw.hosts.some(isServer)) return [];
  return [
    {
      wall: 'packetsDropped',
      effect: 'noted',
      host: null,
      evidence: `drops by the allowances of an instance are not visible on ${blind.map(({ host }) => host).join(', ')} (only the ENA driver counts them, for ethtool): only retransmissions would show them`,
    },
  ];
}
