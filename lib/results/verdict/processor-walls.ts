import { serverUnitPrefix, type HostSample } from '../../../assets/host/raw.ts';
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

/** A wall in one phase: `evidence` is what was busy, when and how much, and what follows. */
interface BusyPhase {
  readonly wall: Pick<Wall, 'wall' | 'effect' | 'host'>;
  readonly busy: string;
  readonly during: string;
  readonly follows: string;
}

/** Walls of processors: a whole machine busy, or a server process that used one whole processor; each names all its phases. */
export function processorWalls(evidence: Evidence): readonly Wall[] {
  // Hosts on one machine see the same processors: one of them tells all.
  const { hosts } = evidence.raw;
  const one = hosts.find(isServer) ?? hosts[0];
  const machines = evidence.hostsShareOneMachine && one !== undefined ? [one] : hosts;
  const found = phasesOf(evidence).flatMap((phase) => {
    const whole = machines.flatMap((host) => busyMachine(evidence, host, phase));
    if (whole.some(({ wall }) => wall.wall === 'serverCpu')) return whole;
    return [...whole, ...evidence.raw.hosts.filter(isServer).flatMap((host) => busyProcess(evidence, host, phase))];
  });
  const alike = Object.groupBy(found, ({ wall, busy, follows }) => JSON.stringify([wall, busy, follows]));
  return Object.values(alike).flatMap((group = []) => {
    const [first] = group;
    if (first === undefined) return [];
    const phases = group.map(({ during }) => during);
    return [{ ...first.wall, evidence: `${first.busy} during ${listed(phases)}: ${first.follows}` }];
  });
}

function listed(items: readonly string[]): string {
  return [items.slice(0, -1).join(', '), items.at(-1)].filter((part) => part !== '').join(' and ');
}

function phasesOf({ result, windows }: Evidence): readonly Phase[] {
  const ramp = windows.ramp === null ? [] : [{ name: 'the ramp', window: windows.ramp, measures: false }];
  const phases = result.phases.flatMap(({ name, place }): readonly Phase[] => {
    const window = windows.phases[place] ?? null;
    return window === null ? [] : [{ name: `phase ${name}`, window, measures: true }];
  });
  return [...ramp, ...phases];
}

function busyMachine(evidence: Evidence, host: RawHost, phase: Phase): readonly BusyPhase[] {
  const samples = samplesWithin(host, phase.window, evidence.offsets.get(host.host) ?? 0);
  const shares = samples.slice(1).map((sample, index) => busyShare(samples[index] ?? sample, sample));
  const run = longestRun(shares, (share) => share >= saturatedShare);
  if (run < saturatedSamples) return [];
  const busy = `${host.facts === null ? 'all processors' : `all ${host.facts.cpus} processors`} were busy`;
  const row = `${run} samples in a row`;
  if (evidence.hostsShareOneMachine) return [{ ...shareOfMachine(evidence, host, phase, row), busy }];
  const during = `${phase.name} (${row})`;
  if (isServer(host)) {
    return [
      {
        wall: { wall: 'serverCpu', effect: 'slowed', host: host.host },
        busy,
        during,
        follows: 'the server was the limit',
      },
    ];
  }
  const effect = phase.measures ? 'invalidates' : 'slowed';
  const follows = 'the load generator was the limit, not the server';
  return [{ wall: { wall: 'loadCpu', effect, host: host.host }, busy, during, follows }];
}

/** One machine for all was busy: whose work that was, where one of them did the most. */
function shareOfMachine(evidence: Evidence, host: RawHost, phase: Phase, row: string): Omit<BusyPhase, 'busy'> {
  const used = (name: string): number =>
    evidence.raw.hosts.reduce((sum, each) => {
      const rates = ratesWithin(processorTime(each, name, evidence.offsets.get(each.host) ?? 0), phase.window);
      return sum + mean(rates);
    }, 0);
  const [server, load] = [used(serverUnitPrefix), used('c1m-loadgen')];
  const cpus = host.facts?.cpus ?? 0;
  // A server at a URL has no samples.
  const seesServer = evidence.raw.hosts.some(isServer);
  const shares = seesServer
    ? `the server used ${server.toFixed(2)} of them on average, the load generator ${load.toFixed(2)}`
    : `the load generator used ${load.toFixed(2)} of them on average, the server an unknown part`;
  const during = `${phase.name} (${row}; ${shares})`;
  if (cpus > 0 && server >= cpus * ownShareOfMachine) {
    const wall = { wall: 'serverCpu', effect: 'slowed', host: host.host } as const;
    return { wall, during, follows: 'the server used the most' };
  }
  if (cpus > 0 && load >= cpus * ownShareOfMachine) {
    const wall = { wall: 'loadCpu', effect: 'slowed', host: null } as const;
    return { wall, during, follows: 'the load generator used the most' };
  }
  const others = seesServer && cpus > 0 && server + load < cpus * (1 - ownShareOfMachine);
  return {
    wall: { wall: 'machineCpu', effect: 'slowed', host: null },
    during,
    follows: others
      ? "the kernel's packets and other programs used the rest"
      : 'they share the machine, so either may have been the limit',
  };
}

function busyProcess(evidence: Evidence, host: RawHost, { name, window }: Phase): readonly BusyPhase[] {
  const offset = evidence.offsets.get(host.host) ?? 0;
  const units = [...new Set(host.samples.flatMap((sample) => Object.keys(sample.units)))].filter((unit) =>
    unit.startsWith(serverUnitPrefix),
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
  const wall = { wall: 'serverCpu', effect: 'slowed', host: host.host } as const;
  const follows = 'a single thread was the limit';
  const found: BusyPhase[] = [];
  if (busy.length > 0) {
    const used = `${busy.length} of ${units.length} server processes used one whole processor each`;
    found.push({ wall, busy: used, during: name, follows });
  }
  if (waiting.length > 0) {
    const ran = Math.round(100 * mean(waiting.map((unit) => mean(rates.get(unit) ?? []))));
    const waited = `${waiting.length} of ${units.length} server processes ran or waited for a processor all the time`;
    found.push({ wall, busy: waited, during: `${name} (ran ${ran} % of it)`, follows });
  }
  return found;
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

/** The host with one unit only: names of units may begin with one another (the first and the twelfth of a server). */
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
