import type { HostSample } from '../../../assets/host/raw.ts';
import { processorsInUse, processorTime } from '../merge/merge-processor.ts';
import type { Window } from '../merge/merge-connections.ts';
import type { RawHost } from '../raw/raw-run.ts';
import type { Wall } from '../schema/verdict.ts';
import { isServer, longestRun, samplesWithin, type Evidence } from './evidence.ts';
import { saturatedSamples, saturatedShare } from './thresholds.ts';

/** Walls of processors, in the ramp and in the broadcasts: a whole machine busy, or a process that used one whole processor. */
export function processorWalls(evidence: Evidence): readonly Wall[] {
  const phases = [
    ['the ramp', evidence.windows.ramp] as const,
    ['the broadcasts', evidence.windows.broadcasts] as const,
  ];
  // Hosts on one machine see the same processors: one of them tells all.
  const machines = evidence.hostsShareOneMachine ? evidence.raw.hosts.filter(isServer) : evidence.raw.hosts;
  const whole = machines.flatMap((host) =>
    phases.flatMap(([phase, window]) => busyMachine(evidence, host, phase, window)),
  );
  if (whole.length > 0) return whole;
  return evidence.raw.hosts
    .filter(isServer)
    .flatMap((host) => phases.flatMap(([phase, window]) => busyProcess(evidence, host, phase, window)));
}

function busyMachine(evidence: Evidence, host: RawHost, phase: string, window: Window | null): readonly Wall[] {
  const samples = samplesWithin(host, window, evidence.offsets.get(host.host) ?? 0);
  const shares = samples.slice(1).map((sample, index) => busyShare(samples[index] ?? sample, sample));
  const run = longestRun(shares, (share) => share >= saturatedShare);
  if (run < saturatedSamples) return [];
  const processors = host.facts === null ? 'all processors' : `all ${host.facts.cpus} processors`;
  const told = `${processors} were busy for ${run} samples in a row during ${phase}`;
  if (evidence.hostsShareOneMachine) {
    return [
      {
        wall: 'machineCpu',
        effect: 'slowed',
        host: null,
        evidence: `${told}; server and load generator share them, so it cannot be told which of them was the limit`,
      },
    ];
  }
  if (isServer(host)) return [{ wall: 'serverCpu', effect: 'slowed', host: host.host, evidence: told }];
  const duringBroadcasts = window === evidence.windows.broadcasts;
  return [
    {
      wall: 'loadCpu',
      effect: duringBroadcasts ? 'invalidates' : 'slowed',
      host: host.host,
      evidence: `${told}: the load generator was the limit, not the server`,
    },
  ];
}

function busyProcess(evidence: Evidence, host: RawHost, phase: string, window: Window | null): readonly Wall[] {
  if (window === null) return [];
  const offset = evidence.offsets.get(host.host) ?? 0;
  const units = [...new Set(host.samples.flatMap((sample) => Object.keys(sample.units)))].filter((unit) =>
    unit.startsWith('c1m-server-'),
  );
  const busy = units.filter((unit) => {
    const rates = processorsInUse(processorTime(unitOnly(host, unit), unit, offset))
      .filter(([micros]) => micros >= window.beganMicros && micros <= window.endedMicros)
      .map(([, processors]) => processors);
    // More than one processor means that it has threads to spare; just one is a single thread at its end.
    return longestRun(rates, (rate) => rate >= saturatedShare && rate <= 2 - saturatedShare) >= saturatedSamples;
  });
  if (busy.length === 0) return [];
  return [
    {
      wall: 'serverCpu',
      effect: 'slowed',
      host: host.host,
      evidence: `${busy.length} of ${units.length} server processes used one whole processor each during ${phase}: a single thread was the limit`,
    },
  ];
}

/** The host with one unit only: names of units may begin with one another (c1m-server-1, c1m-server-12). */
function unitOnly(host: RawHost, unit: string): RawHost {
  const samples = host.samples.map((sample) => {
    const found = sample.units[unit];
    return { ...sample, units: found === undefined ? {} : { [unit]: found } };
  });
  return { ...host, samples };
}

function busyShare(before: HostSample, after: HostSample): number {
  const busy = after.cpu.busySeconds - before.cpu.busySeconds;
  const idle = after.cpu.idleSeconds - before.cpu.idleSeconds;
  return busy + idle <= 0 ? 0 : busy / (busy + idle);
}
