import assert from 'node:assert/strict';
import type { HostSample } from '../../../assets/host/raw.ts';
import type { MeasurementResult } from '../../../lib/results/schema/measurement-result.ts';
import type { Wall, WallName } from '../../../lib/results/schema/verdict.ts';
import { changedSamples, only, readMerged } from '../read-merged.ts';
import { runFiles } from '../synthetic-run.ts';

/** The files of a run, by their paths. */
export type Files = Readonly<Record<string, string>>;

/** A run of one server on hosts that share one machine. */
export const plain = (): Files => runFiles({ servers: ['node'] });

/** The same on hosts with a machine each. */
export const apart = (): Files => runFiles({ servers: ['node'], hostsShareOneMachine: false });

/** Where the samples of the server's host are. */
export const serverSamples = 'raw/node/server/samples.jsonl';

/** Where the samples of the first load host are. */
export const loadSamples = 'raw/node/load-1/samples.jsonl';

/** The only measurement of a run. */
export async function measured(files: Files): Promise<MeasurementResult> {
  return only(await readMerged(files));
}

/** The wall of that name; fails the test when it was not found. */
export function wallIn(measurement: MeasurementResult, wall: WallName): Wall {
  const found = measurement.verdict.walls.find((candidate) => candidate.wall === wall);
  assert.ok(found !== undefined, `no wall ${wall} in ${JSON.stringify(measurement.verdict.walls)}`);
  return found;
}

/** Raises a counter by `amount` in the course of the samples. */
export const grow =
  (amount: number, counter: (sample: HostSample, by: number) => HostSample) => (sample: HostSample, place: number) =>
    counter(sample, Math.round(amount * place));

/** A host whose processors are never idle. */
export function busy(files: Files, path: string): Files {
  return changedSamples(files, path, (sample, _place, index) => ({
    ...sample,
    cpu: { busySeconds: 1000 + index * 2, softirqSeconds: 10, idleSeconds: 9000 },
  }));
}
