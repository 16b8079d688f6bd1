import type { Workload } from '../../assets/loadgen/workload/phase-kinds.ts';
import { LabError } from '../config/lab-error.ts';
import type { Contender } from './contenders/contender.ts';
import { firstLocalPort } from './contenders/line-contender.ts';
import { measure, type Measurement } from './measure.ts';
import type { Result } from './report/result.ts';

/** How much is compared. */
export interface Size {
  readonly rounds: number;
  readonly broadcasts: number;
  readonly workload: Workload;
  readonly paceSeconds: number;
  readonly tls: boolean;
}

/** What contenders came to, in their order, and who was left out in the course of it. */
export interface Compared {
  readonly results: readonly Result[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Runs all contenders in turn, round by round: the reference, the load generator, and peers. A peer that fails is left out from then on,
 * with the reason. `server` is the compiled reference server.
 */
export async function compare(
  contenders: readonly Contender[],
  server: string,
  { rounds, ...size }: Size,
): Promise<Compared> {
  // What a single connection is asked for is what its processes cost when it is open, and no more.
  const single = { ...size, workload: [], broadcasts: 1, paceSeconds: 0 };
  const skipped: { name: string; reason: string }[] = [];
  const run = async (contender: Contender, connections: number, work: typeof size): Promise<Measurement | null> => {
    try {
      return await measure(contender, server, { ...work, connections });
    } catch (error) {
      const reason = (error as Error).message;
      if (contender === contenders[0] || contender === contenders[1]) {
        throw new LabError(
          'runFailed',
          `${contender.name}: ${reason}`,
          `run it again when nothing else loads this machine or uses ports of 127.0.0.0/8 from ${firstLocalPort} on (ss -tan shows who does)`,
          { cause: error },
        );
      }
      skipped.push({ name: contender.name, reason });
      return null;
    }
  };
  let results: Result[] = [];
  for (const contender of contenders) {
    // The first run may have to compile modules into a cache, or to read a program from disk: it does not count.
    if ((await run(contender, 1, single)) === null) continue;
    const base = await run(contender, 1, single);
    if (base !== null) results.push({ name: contender.name, version: contender.version, base, rounds: [] });
  }
  for (let round = 1; round <= rounds; round += 1) {
    const next: Result[] = [];
    for (const result of results) {
      const contender = contenders.find(({ name }) => name === result.name)!;
      const measurement = await run(contender, contender.connections, size);
      if (measurement !== null) next.push({ ...result, rounds: [...result.rounds, measurement] });
    }
    results = next;
    process.stdout.write(`round ${round} of ${rounds}${size.tls ? ' over TLS' : ''} done\n`);
  }
  return { results, skipped };
}
