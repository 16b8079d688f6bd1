import type { HostSample } from '../../../assets/host/raw.ts';
import type { RawHost } from '../raw/raw-run.ts';
import type { Wall } from '../schema/verdict.ts';
import type { Window } from '../statistics/numbers.ts';
import { processorsInUse, processorTime, type ProcessorTime } from '../statistics/processor-time.ts';
import { isServer, longestRun, samplesWithin, type Evidence } from './evidence.ts';
import { leastOwnShare, ownShareOfMachine, saturatedSamples, saturatedShare } from './thresholds.ts';

/** A part of a measurement in which processors are looked at. */
interface Phase {
  readonly name: string;
  readonly window: Window;
  /** Whether latencies are measured in it. */
  readonly measures: boolean;
}

/** Walls of processors, in each phase: a whole machine busy, or a server process that used one whole processor. */
export function processorWalls(evidence: Evidence): readonly Wall[] {
  // Hosts on one machine see the same processors: one of them tells all.
  const machines = evidence.hostsShareOneMachine ? evidence.raw.hosts.filter(isServer) : evidence.raw.hosts;
  const phases = phasesOf(evidence);
  return phases.flatMap((phase) => {
    const whole = machines.flatMap((host) => busyMachine(evidence, host, phase));
    if (whole.some(({ wall }) => wall === 'serverCpu')) return whole;
    return [...whole, ...evidence.raw.hosts.filter(isServer).flatMap((host) => busyProcess(evidence, host, phase))];
  });
}

function phasesOf({ result, windows }: Evidence): readonly Phase[] {
  const ramp = windows.ramp === null ? [] : [{ name: 'the ramp', window: windows.ramp, measures: false }];
  const phases = result.phases.flatMap(({ name, place }): readonly Phase[] => {
    const window = windows.phases[place] ?? null;
    return window === null ? [] : [{ name: `phase ${name}`, window, measures: true }];
  });
  return [...ramp, ...phases];
}

function busyMachine(evidence: Evidence, host: RawHost, phase: Phase): readonly Wall[] {
  const samples = samplesWithin(host, phase.window, evidence.offsets.get(host.host) ?? 0);
  const shares = samples.slice(1).map((sample, index) => busyShare(samples[index] ?? sample, sample));
  const run = longestRun(shares, (share) => share >= saturatedShare);
  if (run < saturatedSamples) return [];
  const processors = host.facts === null ? 'all processors' : `all ${host.facts.cpus} processors`;
  const told = `${processors} were busy for ${run} samples in a row during ${phase.name}`;
  if (evidence.hostsShareOneMachine) return [shareOfMachine(evidence, host, phase, told)];
  if (isServer(host)) return [{ wall: 'serverCpu', effect: 'slowed', host: host.host, evidence: told }];
  return [
    {
      wall: 'loadCpu',
      effect: phase.measures ? 'invalidates' : 'slowed',
      host: host.host,
      evidence: `${told}: the load generator was the limit, not the server`,
    },
  ];
}

/** One machine for all was busy: whose work that was, where one of them did the most. */
function shareOfMachine(evidence: Evidence, host: RawHost, phase: Phase, told: string): Wall {
  const used = (name: string): number =>
    evidence.raw.hosts.reduce((sum, each) => {
      const rates = ratesWithin(processorTime(each, name, evidence.offsets.get(each.host) ?? 0), phase.window);
      return sum + mean(rates);
    }, 0);
  const [server, load] = [used('c1m-server-'), used('c1m-loadgen')];
  const cpus = host.facts?.cpus ?? 0;
  const shares = `${told}: on average the server used ${server.toFixed(2)} of them, the load generator ${load.toFixed(2)}, and the kernel's packets and other programs the rest`;
  const others = cpus > 0 && server + load < cpus * (1 - ownShareOfMachine);
  if (cpus > 0 && server >= cpus * ownShareOfMachine) {
    return { wall: 'serverCpu', effect: 'slowed', host: host.host, evidence: shares };
  }
  if (cpus > 0 && load >= cpus * ownShareOfMachine) {
    return { wall: 'loadCpu', effect: 'slowed', host: null, evidence: shares };
  }
  return {
    wall: 'machineCpu',
    effect: 'slowed',
    host: null,
    evidence: others
      ? `${shares}: the machine was not the lab's alone`
      : `${shares}; they share the machine, so it cannot be told which of them was the limit`,
  };
}

function busyProcess(evidence: Evidence, host: RawHost, { name, window }: Phase): readonly Wall[] {
  const offset = evidence.offsets.get(host.host) ?? 0;
  const units = [...new Set(host.samples.flatMap((sample) => Object.keys(sample.units)))].filter((unit) =>
    unit.startsWith('c1m-server-'),
  );
  const rates = new Map(
    units.map((unit) => [unit, ratesWithin(processorTime(unitOnly(host, unit), unit, offset), window)] as const),
  );
  // More than one processor means that it has threads to spare; just one is a single thread at its end.
  const busy = units.filter((unit) => longestRun(rates.get(unit) ?? [], isOne) >= saturatedSamples);
  // Where others use the machine, a thread that is never done gets less than a processor, and waits for it the rest of the time.
  const waiting = units.filter(
    (unit) =>
      !busy.includes(unit) &&
      mean(rates.get(unit) ?? []) >= leastOwnShare &&
      longestRun(ratesWithin(runnableTime(host, unit, offset), window), isOne) >= saturatedSamples,
  );
  const told = [
    ...(busy.length > 0
      ? [`${busy.length} of ${units.length} server processes used one whole processor each during ${name}`]
      : []),
    ...(waiting.length > 0
      ? [
          `${waiting.length} of ${units.length} server processes ran or waited for a processor all the time during ${name} (ran ${Math.round(100 * mean(waiting.map((unit) => mean(rates.get(unit) ?? []))))} % of it)`,
        ]
      : []),
  ];
  if (told.length === 0) return [];
  return [
    {
      wall: 'serverCpu',
      effect: 'slowed',
      host: host.host,
      evidence: `${told.join('; ')}: a single thread was the limit`,
    },
  ];
}

const isOne = (rate: number): boolean => rate >= saturatedShare && rate <= 2 - saturatedShare;

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((total, value) => total + value, 0) / values.length;
}

/** How long the first thread of a unit has run or waited for a processor, over time. */
function runnableTime(host: RawHost, unit: string, offset: number): ProcessorTime {
  return host.samples.flatMap(({ monotonicMicros, units }) => {
    const seconds = units[unit]?.runnableSeconds ?? null;
    return seconds === null ? [] : [[monotonicMicros + offset, seconds] as const];
  });
}

/** Processors in use at each sample within a window. */
function ratesWithin(time: ProcessorTime, window: Window): readonly number[] {
  return processorsInUse(time)
    .filter(([micros]) => micros >= window.beganMicros && micros <= window.endedMicros)
    .map(([, processors]) => processors);
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
