import type { RunResult } from '../results/schema/run-result.ts';
import { withUnit } from '../text/units.ts';

/** The first machine of a run in one line: processors, memory, kernel. */
export function machineOf({ hosts: [host] }: Pick<RunResult, 'hosts'>): string {
  if (host === undefined) return 'an unknown machine';
  return `${host.cpus} x ${host.cpuModel}, ${withUnit('bytes', host.memoryBytes)}, Linux ${host.kernel}`;
}
