import type { HostFacts, HostSample, ServerStart } from '../../../assets/host/raw.ts';
import type { LoadProcessRaw, LoadStatus } from '../../../assets/loadgen/raw.ts';
import type { MeasurementRecord } from '../schema/measurement-record.ts';
import type { RunRecord } from '../schema/run-record.ts';

/** What is left of a unit when the raw files are collected, from `units.txt`. */
export interface UnitEnd {
  readonly unit: string;
  /** systemd's ActiveState: active, failed, inactive. */
  readonly activeState: string;
  /** systemd's Result: success, oom-kill, signal, exit-code, … */
  readonly result: string;
  /** Exit code or signal number of its main process. */
  readonly exitStatus: number;
}

/** The raw files of one host in one measurement: what is there. */
export interface RawHost {
  readonly host: string;
  readonly facts: HostFacts | null;
  readonly samples: readonly HostSample[];
  readonly serverStart: ServerStart | null;
  readonly loadStatus: LoadStatus | null;
  readonly loadProcesses: readonly LoadProcessRaw[];
  readonly unitEnds: readonly UnitEnd[];
  /** Beginning and end of each log by file name, at most 32 KiB. */
  readonly logs: Readonly<Record<string, string>>;
  /** What was there and could not be read, or was cut short. */
  readonly problems: readonly string[];
}

/** The raw files of one measurement: one server once. */
export interface RawMeasurement {
  readonly name: string;
  readonly record: MeasurementRecord;
  readonly hosts: readonly RawHost[];
  readonly problems: readonly string[];
}

/** Everything in a run's folder that a result is made from. */
export interface RawRun {
  readonly record: RunRecord;
  readonly measurements: readonly RawMeasurement[];
}

/** Open files that one process of the lab may have on this host: as sampled of its units, else as Prepare had it itself; null when unknown. */
export function openFilesLimitOf({ facts, samples }: RawHost): number | null {
  for (const { units } of samples) {
    const sampled = Object.values(units).find(({ openFilesLimit }) => openFilesLimit !== null);
    if (sampled !== undefined) return sampled.openFilesLimit;
  }
  return facts?.openFilesLimit ?? null;
}
