import { join } from 'node:path';
import { conformanceSummary } from '../verify/conformance/conformance-summary.ts';
import type { RunRecordInput } from '../results/schema/run-record.ts';
import type { MeasurementPlan } from './plan.ts';
import type { Run } from './run.ts';
import type { LabBackend } from './lab-backend.ts';

const labServers = join(import.meta.dirname, '../../assets/servers');

/** What a run's measurements are made with beside what was asked for. */
export type PlannedSizes = Pick<MeasurementPlan, 'connectRate' | 'serverProcesses' | 'loadProcesses' | 'memoryPreset'>;

/** The record of a run, for its `run.json`. */
export function describeRun(
  backend: Pick<LabBackend, 'where' | 'region' | 'oneMachine' | 'lab'>,
  run: Run,
  plans: readonly PlannedSizes[],
  skipped: ReadonlyMap<string, string>,
  endedUnixMillis: number | null,
): RunRecordInput {
  const { request } = run;
  const most = (values: readonly number[]): number => Math.max(0, ...values);
  return {
    schema: 2,
    runId: run.runId,
    beganUnixMillis: run.beganUnixMillis,
    endedUnixMillis,
    where: backend.where,
    region: backend.region,
    hostsShareOneMachine: backend.oneMachine,
    lab: backend.lab,
    parameters: {
      servers: run.servers.map(({ description }) => description.name),
      connections: request.connections,
      workload: request.workload,
      connectRate: most(plans.map(({ connectRate }) => connectRate)),
      serverProcesses: most(plans.map(({ serverProcesses }) => serverProcesses)),
      loadProcesses: most(plans.map(({ loadProcesses }) => loadProcesses)),
      memoryPreset: plans[0]?.memoryPreset ?? 'modern',
      tls: request.tls,
      deflate: request.deflate,
      repeats: run.repeats,
    },
    servers: run.servers.map(({ description, outsideFolder }) => ({
      name: description.name,
      title: description.title,
      language: description.language,
      role: description.role ?? null,
      framework: `${description.framework.name} ${description.framework.version}`,
      knownDeviations: description.knownDeviations,
      conformance: conformanceSummary(outsideFolder ?? join(labServers, description.name)),
      folder: outsideFolder,
    })),
    resumption: {
      schedule: [...run.schedule],
      connectRate: request.connectRate ?? null,
      memoryPreset: request.memoryPreset ?? null,
      serverProcesses: request.serverProcesses ?? null,
      loadProcesses: request.loadProcesses ?? null,
    },
    skipped: [...skipped].map(([server, reason]) => ({ server, reason })),
    gitCommit: run.gitCommit,
    versions: { node: process.version },
    calibration: run.calibration,
  };
}
