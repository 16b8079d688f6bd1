import type { AutomationExecution } from '@aws-sdk/client-ssm';
import type { Workload } from '../../../assets/loadgen/workload/phase-kinds.ts';
import { parseWorkload } from '../../../assets/loadgen/workload/workload.ts';
import { asUsage } from '../../config/workload-usage.ts';
import { join } from 'node:path';
import { LabError } from '../../config/lab-error.ts';
import { makeFolder } from '../../config/system/make-folder.ts';
import { documentName } from '../../documents/benchmark.ts';
import type { PlannedSizes } from '../describe-run.ts';
import { writeMeasurementRecord, type StartedMeasurement } from '../measure.ts';
import type { RunRequest } from '../run.ts';
import type { LabBackend } from '../lab-backend.ts';

/** What an execution of the Benchmark document was asked to do, by whomever it was started. */
export interface ExecutionRequest {
  readonly server: string;
  readonly request: RunRequest & PlannedSizes;
  readonly beganUnixMillis: number;
}

/**
 * Reads what an execution measures from its parameters, which SSM gives with the document's defaults filled in. Throws LabError
 * `usage` when it is not a benchmark of this lab.
 */
export function requestOfExecution(backend: Pick<LabBackend, 'lab'>, execution: AutomationExecution): ExecutionRequest {
  const { AutomationExecutionId: id, DocumentName, Parameters = {}, ExecutionStartTime: began } = execution;
  const wanted = documentName(backend.lab, 'Benchmark');
  const server = Parameters['Server']?.[0];
  if (DocumentName !== wanted || server === undefined) {
    throw new LabError(
      'usage',
      `execution ${id} belongs to ${DocumentName}, not to ${wanted}`,
      'give the id of an execution of that document, or name its lab with --lab',
    );
  }
  const numberOf = (name: string): number => Number(Parameters[name]?.[0] ?? 0);
  const workload = workloadOfExecution(id, Parameters['Workload']?.[0]);
  const memory = Parameters['MemoryPreset']?.[0];
  return {
    server,
    beganUnixMillis: began?.getTime() ?? 0,
    request: {
      servers: [server],
      connections: numberOf('Connections'),
      connectRate: numberOf('ConnectRate'),
      workload,
      serverProcesses: numberOf('ServerProcesses'),
      loadProcesses: numberOf('LoadProcesses'),
      memoryPreset: memory === 'article' || memory === 'small' ? memory : 'modern',
      tls: Parameters['Tls']?.[0] === 'yes',
      deflate: Parameters['Deflate']?.[0] === 'yes',
    },
  };
}

/** The workload of an execution; an earlier version of the lab had no such parameter. */
function workloadOfExecution(id: string | undefined, given: string | undefined): Workload {
  if (given !== undefined) return asUsage(() => parseWorkload(given));
  throw new LabError(
    'usage',
    `execution ${id} has no parameter Workload: an earlier version of the lab started it`,
    'fetch it with that version, or start a new run',
  );
}

/** Writes the record of an execution's one measurement into a run's folder, as if the run had been begun from there. */
export async function adoptMeasurement(
  folder: string,
  executionId: string,
  { server, beganUnixMillis }: ExecutionRequest,
): Promise<StartedMeasurement> {
  const record: StartedMeasurement = {
    schema: 1,
    measurement: server,
    server,
    repeat: 1,
    status: 'running',
    executionId,
    beganUnixMillis,
  };
  const measurementFolder = join(folder, 'raw', server);
  await makeFolder(measurementFolder);
  await writeMeasurementRecord(measurementFolder, record);
  return record;
}
