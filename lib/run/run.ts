import type { Workload } from '../../assets/loadgen/workload/phase-kinds.ts';
import type { MemoryPresetName, ServerDescription } from '../config/servers.ts';
import type { Calibration } from '../results/schema/run-record.ts';
import type { ScheduledMeasurement } from './schedule.ts';

/** What a person asks of a run; what is left out is planned. */
export interface RunRequest {
  /** Names of servers, in the order asked for. */
  readonly servers: readonly string[];
  /** WebSocket connections of the whole lab. */
  readonly connections: number;
  /** What happens on them. */
  readonly workload: Workload;
  /** Connections opened a second by the whole lab. */
  readonly connectRate?: number | undefined;
  readonly memoryPreset?: MemoryPresetName | undefined;
  /** Whether connections are secured with TLS. */
  readonly tls: boolean;
  /** Whether messages may be compressed. */
  readonly deflate: boolean;
  readonly serverProcesses?: number | undefined;
  /** Load processes on each load host. */
  readonly loadProcesses?: number | undefined;
}

/** A server of a run. */
export interface ChosenServer {
  readonly description: ServerDescription;
  /** Its folder, absolute, when it did not come with the lab. */
  readonly outsideFolder: string | null;
}

/** Everything a run is made of. */
export interface Run {
  readonly runId: string;
  /** `DIR/<run-id>`: raw files, result and report. */
  readonly folder: string;
  readonly request: RunRequest;
  readonly repeats: number;
  readonly servers: readonly ChosenServer[];
  /** Every measurement, in order. */
  readonly schedule: readonly ScheduledMeasurement[];
  /** When the run began: now, or for one that is resumed, then. */
  readonly beganUnixMillis: number;
  /** The commit that the run began with. */
  readonly gitCommit: string | null;
  /** The last calibration of this machine before the run; null when there was none. */
  readonly calibration: Calibration | null;
}
