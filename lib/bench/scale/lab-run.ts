import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../../config/lab-error.ts';
import type { MeasurementResult } from '../../results/schema/measurement-result.ts';
import type { RunResult } from '../../results/schema/run-result.ts';
import { labCommand, labRun } from '../lab-command.ts';

/** One run of the real command line with one server, and what the lab itself cost. */
export interface LabRun {
  readonly folder: string;
  readonly table: string;
  readonly exitCode: number | null;
  readonly result: RunResult;
  readonly measurement: MeasurementResult;
  /** Wall time of each step of the automation, seconds. */
  readonly stepSeconds: ReadonlyMap<string, number>;
  readonly rawBytes: number;
  readonly reportBytes: number;
  /** Making result and report again from the raw files, seconds. */
  readonly reportSeconds: number;
}

/** What a run is asked for. */
export interface LabRunRequest {
  readonly server: string;
  readonly connections: number;
  readonly tls?: boolean;
  readonly broadcasts: number;
  readonly intervalSeconds: number;
}

/** Runs `c1m run --local`, its progress going to standard error, and makes its report a second time. */
export async function runLab(request: LabRunRequest, out: string): Promise<LabRun> {
  const { server, connections, broadcasts, intervalSeconds } = request;
  // What a steep ramp leaves behind, garbage and connections that are still being freed, is no echo's latency: it gets seconds to settle.
  // Echoes are few a second, as 64 processes that each send their first, with cold caches, would wait for each other.
  const workload = `idle for=5s, echo rate=200/s for=10s, broadcast times=${broadcasts} every=${intervalSeconds}s`;
  const words = ['--servers', server, '--connections', String(connections), '--workload', workload];
  if (request.tls === true) words.push('--tls');
  const { folder, stdout, exitCode } = await labRun(words, out);
  const result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as RunResult;
  const measurement = result.measurements[0];
  if (measurement === undefined) {
    throw new LabError('runFailed', `${server} was not measured (exit code ${exitCode})`, 'see its output above');
  }
  const began = performance.now();
  await labCommand(['report', folder]);
  const reportSeconds = (performance.now() - began) / 1000;
  return {
    folder,
    table: stdout,
    exitCode,
    result,
    measurement,
    stepSeconds: new Map(measurement.record.steps.map((step) => [step.name, secondsOf(step)])),
    rawBytes: sizeOf(join(folder, 'raw')),
    reportBytes: statSync(join(folder, 'report.html')).size,
    reportSeconds,
  };
}

type Step = MeasurementResult['record']['steps'][number];

function secondsOf({ beganUnixMillis, endedUnixMillis }: Step): number {
  return beganUnixMillis === null || endedUnixMillis === null ? 0 : (endedUnixMillis - beganUnixMillis) / 1000;
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((bytes, entry) => bytes + statSync(join(entry.parentPath, entry.name)).size, 0);
}
