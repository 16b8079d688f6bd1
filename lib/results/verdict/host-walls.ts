import type { RawHost } from '../raw/raw-run.ts';
import type { Wall } from '../schema/verdict.ts';
import { growth, stoppedOrSlowed, type Evidence } from './evidence.ts';
import { droppedShare, retransmittedFloor, retransmittedShare } from './thresholds.ts';

/** Walls of the hosts themselves: tuning not in force, addresses lost, packets lost. */
export function hostWalls(evidence: Evidence): readonly Wall[] {
  return evidence.raw.hosts.flatMap((host) => [
    ...untuned(evidence, host),
    ...addressesLost(host),
    ...retransmissions(evidence, host),
    ...dropped(evidence, host),
  ]);
}

function untuned({ hostsShareOneMachine }: Evidence, host: RawHost): readonly Wall[] {
  const wrong = host.facts?.sysctls.filter(({ ok }) => !ok) ?? [];
  const refused = wrong.filter(({ actual }) => actual !== null);
  // What a namespace cannot see or may not change belongs to the whole machine; a machine of its own must have it.
  const grave = !hostsShareOneMachine && wrong.length > 0;
  if (!grave && refused.length === 0) return [];
  const list = (grave ? wrong : refused).map(
    ({ key, wanted, actual }) => `${key} should be ${wanted}, is ${actual ?? 'not visible'}`,
  );
  return [
    {
      wall: 'untunedHost',
      effect: grave ? 'invalidates' : 'noted',
      host: host.host,
      evidence: grave ? list.join('; ') : `${list.join('; ')} (machine-wide, and not the lab's to change here)`,
    },
  ];
}

function addressesLost(host: RawHost): readonly Wall[] {
  const before = Math.max(host.facts?.addresses.length ?? 0, host.samples[0]?.addresses ?? 0);
  const least = host.samples.reduce((fewest, { addresses }) => Math.min(fewest, addresses), before);
  if (least >= before) return [];
  return [
    {
      wall: 'addressesLost',
      effect: 'invalidates',
      host: host.host,
      evidence: `${before - least} of ${before} addresses on the load network went away during the measurement`,
    },
  ];
}

function retransmissions(evidence: Evidence, host: RawHost): readonly Wall[] {
  const again = growth(host, ({ tcp }) => tcp.retransmittedSegments);
  const sent = growth(host, ({ network }) => network.sentPackets);
  if (again < retransmittedFloor || again < sent * retransmittedShare) return [];
  return [
    {
      wall: 'retransmissions',
      effect: stoppedOrSlowed(evidence),
      host: host.host,
      evidence: `${again} segments were sent again, of ${sent} packets sent`,
    },
  ];
}

function dropped(evidence: Evidence, host: RawHost): readonly Wall[] {
  const lost = growth(host, ({ network }) => network.dropped);
  const received = growth(host, ({ network }) => network.receivedPackets);
  if (lost === 0 || lost < received * droppedShare) return [];
  return [
    {
      wall: 'packetsDropped',
      effect: stoppedOrSlowed(evidence),
      host: host.host,
      evidence: `${lost} packets were dropped at the interfaces, of ${received} received`,
    },
  ];
}
