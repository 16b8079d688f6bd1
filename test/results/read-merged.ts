import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeRun } from '../../lib/results/merge/merge-run.ts';
import { readRun } from '../../lib/results/raw/read-run.ts';
import type { MeasurementResult } from '../../lib/results/schema/measurement-result.ts';
import type { PhaseRawOf } from '../../assets/loadgen/phases/rooms.ts';
import type { PhaseKindName } from '../../assets/loadgen/workload/phase-kinds.ts';
import type { PhaseResultOf } from '../../lib/results/phases/rooms.ts';
import type { LoadProcessRaw } from '../../assets/loadgen/raw.ts';
import type { HostSample } from '../../assets/host/raw.ts';
import type { RunResult } from '../../lib/results/schema/run-result.ts';
import { writeFiles } from './synthetic-run.ts';

/** Writes files into a folder of their own, reads them as a run, and merges them: the whole way that `c1m report` goes. */
export async function readMerged(files: Readonly<Record<string, string>>): Promise<RunResult> {
  const folder = await mkdtemp(join(tmpdir(), 'c1m-results-'));
  try {
    await writeFiles(folder, files);
    return mergeRun(await readRun(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The one measurement of a run's result. */
export function only(result: RunResult): MeasurementResult {
  const [measurement, ...more] = result.measurements;
  if (measurement === undefined || more.length > 0) throw new Error(`expected 1 measurement, got ${more.length + 1}`);
  return measurement;
}

/** Files with the JSON of one of them changed. */
export function changed(
  files: Readonly<Record<string, string>>,
  path: string,
  change: (data: Record<string, unknown>) => unknown,
): Record<string, string> {
  const text = files[path];
  if (text === undefined) throw new Error(`no file ${path}`);
  return { ...files, [path]: JSON.stringify(change(JSON.parse(text) as Record<string, unknown>)) };
}

/** Files with what one load process wrote changed. */
export function changedProcess(
  files: Readonly<Record<string, string>>,
  path: string,
  change: (process: LoadProcessRaw) => LoadProcessRaw,
): Record<string, string> {
  return { ...files, [path]: JSON.stringify(change(JSON.parse(files[path] ?? '') as LoadProcessRaw)) };
}

/** Files with every sample of a host changed; `place` runs from 0 (first sample) to 1 (last). */
export function changedSamples(
  files: Readonly<Record<string, string>>,
  path: string,
  change: (sample: HostSample, place: number, index: number) => unknown,
): Record<string, string> {
  const samples = (files[path] ?? '').split('\n').filter((line) => line !== '');
  const text = samples
    .map(
      (line, index) =>
        `${JSON.stringify(change(JSON.parse(line) as HostSample, index / (samples.length - 1), index))}\n`,
    )
    .join('');
  return { ...files, [path]: text };
}

/** What one load process has of its first phase of a kind, changed. */
export function withPhase<Kind extends PhaseKindName>(
  process: LoadProcessRaw,
  kind: Kind,
  change: (phase: PhaseRawOf<Kind>) => PhaseRawOf<Kind>,
): LoadProcessRaw {
  const place = process.phases.findIndex((phase) => phase.kind === kind);
  const phases = process.phases.map((phase, index) => (index === place ? change(phase as never) : phase));
  return { ...process, phases: phases as LoadProcessRaw['phases'] };
}

/** A measurement's first phase of a kind. */
export function phaseOf<Kind extends PhaseKindName>(measurement: MeasurementResult, kind: Kind): PhaseResultOf<Kind> {
  const found = measurement.phases.find((phase) => phase.kind === kind);
  if (found === undefined) throw new Error(`no phase ${kind}`);
  return found;
}
