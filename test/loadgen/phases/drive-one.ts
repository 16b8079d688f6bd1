import type { TestContext } from 'node:test';
import { summarize, type PhaseSummary } from '../../../assets/loadgen/measure/summary.ts';
import type { Supervisor } from '../../../assets/loadgen/supervisor/supervisor.ts';
import { parseWorkload } from '../../../assets/loadgen/workload/workload.ts';
import { startLoad } from '../held-load.ts';
import { until } from '../../until.ts';

/** Holds connections to a server and drives one phase on them; what it came to, and the load that holds them still. */
export async function driveOne(
  context: TestContext,
  port: number,
  phase: string,
  connections = 20,
): Promise<PhaseSummary & { readonly load: Supervisor }> {
  const load = startLoad(context, [port], { connections, processes: 2 });
  await until('all open', () => load.rampEnded);
  await load.drive(parseWorkload(phase));
  const [summary] = summarize(await load.collectRaws()).phases;
  if (summary === undefined) throw new Error('the phase left nothing');
  return { ...summary, load };
}
