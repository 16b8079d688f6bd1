import type { SSMClient } from '@aws-sdk/client-ssm';
import type { WorkloadPresetName } from '../../assets/loadgen/workload/presets.ts';
import type { Lab } from '../config/lab.ts';
import type { Capacity } from './plan.ts';

/** What a run does on a backend unless the user says otherwise. */
export interface RunDefaults {
  readonly connections: number;
  readonly workload: WorkloadPresetName;
}

/** What a run needs of the place that its lab stands in: an AWS account, or this machine. */
export interface LabBackend {
  readonly lab: Lab;
  readonly where: 'local' | 'aws';
  /** The AWS region that the hosts are in; null where there is none. */
  readonly region: string | null;
  readonly ssm: SSMClient;
  /** The role that a run takes when it is too long for the rights of whoever starts it; null where none is needed. */
  readonly automationRoleArn: string | null;
  /** Server and load hosts share one machine, so kernel memory and processors are counted for both together. */
  readonly oneMachine: boolean;
  /** An execution goes on when this process ends: a run can be left, and found again. */
  readonly detachable: boolean;
  /** How long to wait between two looks at a running execution. */
  readonly pollMillis: number;
  /** How long to wait between two questions for the hosts' status. */
  readonly statusMillis: number;
  /** How long whoever must report (a host, a sampler, a load generator) may be silent before it is given up. */
  readonly silenceMillis: number;
  /** How long the steps after a cancellation, which collect and stop, are waited for. */
  readonly cancelMillis: number;
  /**
   * How often raw files are fetched while a measurement runs; null where they lie outside this process and can be fetched at any time.
   */
  readonly pullMillis: number | null;
  /** What a run does here when the user says nothing else. */
  readonly defaults: RunDefaults;
  readCapacity(): Promise<Capacity>;
  /** Hosts lost since the backend was opened, each in words with the reason; empty while all are there. */
  lostHosts(): Promise<readonly string[]>;
  /** Brings the raw files of an execution, as they are now, into a folder of this machine: `<folder>/<host>/…`. */
  fetchRaw(executionId: string, folder: string): Promise<void>;
  /**
   * Gives the next measurement hosts on which the earlier ones left nothing: no connection in TIME_WAIT, no file. Hosts that
   * cannot be made anew stay as they are; the Prepare document waits on them until what is left has gone.
   */
  renewHosts(): Promise<void>;
  /** Ends what lives with this process; to be asked twice changes nothing. */
  close(): Promise<void>;
}
