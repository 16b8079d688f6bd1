import type { RawHost } from '../raw/raw-run.ts';
import type { Latency } from '../schema/latency.ts';
import type { MeasurementResult, TrustNote } from '../schema/measurement-result.ts';
import { generatorShareSuspect, leastOverlap, thinSlopeLevels, wideSlopeShare } from '../verdict/thresholds.ts';

const comparedPercentiles = [
  { name: 'p50', of: (latency: Latency) => latency.p50Micros },
  { name: 'p99', of: (latency: Latency) => latency.p99Micros },
] as const;

/** What {@link findTrust} looks at. */
export type TrustEvidence = Pick<
  MeasurementResult,
  'connections' | 'memory' | 'phases' | 'generator' | 'missing' | 'cpu'
>;

/**
 * What a process reads without a call of the kernel (arch/x86/include/asm/vdso/clocksource.h, arm64's arch_sys_counter). On others,
 * as `xen` on EC2's previous generation, each reading of the clock is a system call.
 */
const clocksReadInProcess: ReadonlySet<string> = new Set([
  'tsc',
  'kvm-clock',
  'hyperv_clocksource_tsc_page',
  'arch_sys_counter',
]);

/** Which figures of a measurement should be read with care, and why. */
export function findTrust(
  result: TrustEvidence,
  undecodable: number,
  hosts: readonly Pick<RawHost, 'host' | 'facts'>[],
): TrustNote[] {
  const notes: TrustNote[] = [];
  const add = (figure: string, note: string) => notes.push({ figure, note });
  const slowClocks = hosts.flatMap(({ host, facts }) => {
    const clock = facts?.clockSource ?? 'tsc';
    return clocksReadInProcess.has(clock) ? [] : [`${host} (${clock})`];
  });
  if (slowClocks.length > 0) {
    add(
      'latencies',
      `Each reading of the clock is a system call on ${slowClocks.join(', ')}: latencies and CPU hold its cost, and are not those of newer instances.`,
    );
  }
  if (undecodable > 0) add('latencies', `${undecodable} histograms could not be decoded and are left out.`);
  for (const end of ['server', 'kernel'] as const) {
    const slope = result.memory[end];
    if (slope === null) continue;
    const margin = slope.highBytesPerConnection - slope.bytesPerConnection;
    if (slope.levels < thinSlopeLevels) {
      add(`memory.${end}`, `The slope rests on ${slope.levels} numbers of connections only: the ramp was short.`);
    } else if (slope.lowBytesPerConnection <= 0) {
      add(`memory.${end}`, 'The confidence interval of the slope includes zero: nothing can be said of its size.');
    } else if (margin > slope.bytesPerConnection * wideSlopeShare) {
      add(
        `memory.${end}`,
        `The 95 % confidence interval is ±${Math.round((100 * margin) / slope.bytesPerConnection)} %: memory did not grow evenly with connections, as when a runtime warms up or others use the machine. More connections make it narrower.`,
      );
    }
  }
  if (result.memory.kernel !== null && result.memory.kernelHoldsBothEnds) {
    add(
      'memory.kernelHoldsBothEnds',
      'Machine-wide, with both ends of every connection on this machine: bytes per pair of sockets.',
    );
  }
  const compare = (figure: string, latency: Latency | null) => {
    if (latency === null) return;
    for (const { name, of } of comparedPercentiles) {
      // Arrivals are seen up to an iteration late, and what is due begins late: each percentile is held against its own.
      const { turn: iteration, lateness: delay } = result.generator;
      const own = (iteration === null ? 0 : of(iteration)) + (delay === null ? 0 : of(delay));
      if (own <= of(latency) * generatorShareSuspect) continue;
      add(
        `${figure}.${name}Micros`,
        `The load generator's own loop iteration and scheduling delay at ${name} are ${(own / 1000).toFixed(2)} ms together, which is not small beside ${(of(latency) / 1000).toFixed(2)} ms.`,
      );
    }
  };
  for (const phase of result.phases) {
    compare(`${phase.name}.latency`, phase.latency);
    if (phase.overlap !== null && phase.overlap < leastOverlap) {
      add(
        phase.name,
        `The load hosts were in this phase together for ${Math.round(100 * phase.overlap)} % of its time only: the server had the load of some of them.`,
      );
    }
    if (phase.kind !== 'broadcast') continue;
    const unpublished = phase.broadcasts.filter((broadcast) => broadcast.publishedBy === null).length;
    if (unpublished > 0) add(phase.name, `${unpublished} broadcasts have no publisher's file, so no latency.`);
  }
  if (result.missing.some((sentence) => /load processes left|left no files/.test(sentence))) {
    add('connections', "Files of load processes are missing: counts are the host's last status, or too low.");
  }
  return notes;
}
