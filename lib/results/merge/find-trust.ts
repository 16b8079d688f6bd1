import type { MeasurementResult, TrustNote } from '../schema/measurement-result.ts';
import { generatorShareSuspect, thinSlopeLevels } from '../verdict/thresholds.ts';

/** What {@link findTrust} looks at. */
export type TrustEvidence = Pick<
  MeasurementResult,
  'connections' | 'memory' | 'broadcasts' | 'broadcastLatency' | 'echo' | 'generator' | 'missing' | 'cpu'
>;

/** Which figures of a measurement should be read with care, and why. */
export function findTrust(result: TrustEvidence, undecodable: number): TrustNote[] {
  const notes: TrustNote[] = [];
  const add = (figure: string, note: string) => notes.push({ figure, note });
  if (undecodable > 0) add('latencies', `${undecodable} histograms could not be decoded and are left out.`);
  for (const end of ['server', 'kernel'] as const) {
    const slope = result.memory[end];
    if (slope === null) continue;
    if (slope.levels < thinSlopeLevels) {
      add(`memory.${end}`, `The slope rests on ${slope.levels} numbers of connections only: the ramp was short.`);
    } else if (slope.lowBytesPerConnection <= 0) {
      add(`memory.${end}`, 'The confidence interval of the slope includes zero: nothing can be said of its size.');
    }
  }
  if (result.memory.kernel !== null && result.memory.kernelHoldsBothEnds) {
    add('memory.kernel', 'Machine-wide, with both ends of every connection on this machine: bytes a pair of sockets.');
  }
  const pause = Math.max(
    result.generator.maxTurnWhileDrivingMicros ?? 0,
    result.generator.maxLatenessWhileDrivingMicros ?? 0,
  );
  const compare = (figure: string, latency: { readonly p50Micros: number; readonly p99Micros: number } | null) => {
    if (latency === null) return;
    const suspect = [['p50', latency.p50Micros] as const, ['p99', latency.p99Micros] as const].filter(
      ([, micros]) => pause > micros * generatorShareSuspect,
    );
    if (suspect.length === 0) return;
    const names = suspect.map(([name]) => name).join(' and ');
    add(
      figure,
      `The load generator paused for up to ${(pause / 1000).toFixed(1)} ms, which is not small beside ${names}.`,
    );
  };
  compare('broadcastLatency', result.broadcastLatency);
  compare('echo.roundTrip', result.echo.roundTrip);
  const unpublished = result.broadcasts.filter((broadcast) => broadcast.publishedBy === null).length;
  if (unpublished > 0) add('broadcasts', `${unpublished} have no publisher's file, so no latency.`);
  if (result.missing.some((sentence) => /load processes left|left no files/.test(sentence))) {
    add('connections', "Files of load processes are missing: counts are the host's last status, or too low.");
  }
  return notes;
}
