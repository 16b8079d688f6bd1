import type { MeasurementResult } from '../schema/measurement-result.ts';
import { describeCounts, sum } from '../statistics/numbers.ts';
import { lostShareIncomplete } from './thresholds.ts';

type Figures = Pick<MeasurementResult, 'connections' | 'ramp'>;

/**
 * What figures lack that a verdict needs, beside what the phases of the workload say themselves: histograms that hold nothing of
 * what was counted, more connections than there can be, or too few of them left. As sentences; empty when nothing is lacking.
 */
export function findUnanswered({ connections, ramp }: Figures, undecodable: number): readonly string[] {
  const lacking: string[] = [];
  if (undecodable > 0) lacking.push(`${undecodable} histograms could not be decoded`);
  if (connections.established > 0 && ramp.connectLatency === null) {
    lacking.push('there are connections, but their latency was not kept');
  }
  const { peak, wanted } = connections;
  const lost = sum(Object.values(connections.lost));
  // Where not all were open at one time that is told already.
  if (peak === wanted && lost > wanted * lostShareIncomplete) {
    lacking.push(`connections: ${lost} of ${wanted} were lost: ${describeCounts(connections.lost)}`);
  }
  if (peak > wanted) {
    lacking.push(`${peak} connections were open where ${wanted} were requested: something was counted twice`);
  }
  return lacking;
}
