import { untimed } from '../../../assets/loadgen/measure/stamp.ts';
import type { Workload } from '../../../assets/loadgen/workload/phase-kinds.ts';
import { resultRoom } from '../phases/rooms.ts';
import type { MeasurementResult } from '../schema/measurement-result.ts';
import { describeCounts, sum } from '../statistics/numbers.ts';
import { lostShareIncomplete } from './thresholds.ts';

type Figures = Pick<MeasurementResult, 'answers' | 'connections' | 'ramp'>;

/** What of the workload came short, and connections that were lost: by figures of the result, as sentences. */
export function findShortfalls(
  { connections, phases }: Pick<MeasurementResult, 'connections' | 'phases'>,
  workload: Workload,
): readonly string[] {
  const ofPhases = phases
    .filter(({ hosts }) => hosts.length > 0)
    .flatMap((phase) => {
      const { unserved, missing } = resultRoom(phase.kind);
      const short = [unserved(phase)?.sentence ?? [], missing?.(phase, workload[phase.place]!) ?? []].flat();
      return short.map((what) => `${phase.name}: ${what}`);
    });
  const { peak, wanted } = connections;
  const lost = sum(Object.values(connections.lost));
  // Where not all were open at one time that is told already.
  if (peak !== wanted || lost <= wanted * lostShareIncomplete) return ofPhases;
  return [...ofPhases, `${lost} of ${wanted} connections were lost: ${describeCounts(connections.lost)}`];
}

/**
 * What figures lack that a verdict needs, beside what came short: histograms that hold nothing of what was counted, a latency that
 * was asked for and found in no message, or more connections than there can be. As sentences; empty when nothing is lacking.
 */
export function findUnanswered({ answers, connections, ramp }: Figures, undecodable: number): readonly string[] {
  const lacking: string[] = [];
  if (undecodable > 0) lacking.push(`${undecodable} histograms could not be decoded`);
  if (connections.established > 0 && ramp.connectLatency === null) {
    lacking.push('there are connections, but their latency was not kept');
  }
  const { latency, messages, sharesClock } = answers.pushes;
  // Only a stamp knows of clocks.
  const stampless = sharesClock === null ? null : untimed(messages, latency?.count ?? 0);
  if (connections.established > 0 && stampless !== null) lacking.push(stampless);
  const { peak, wanted } = connections;
  if (peak > wanted) {
    lacking.push(`${peak} connections were open where ${wanted} were requested: something was counted twice`);
  }
  return lacking;
}
