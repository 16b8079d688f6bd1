import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../config/lab-error.ts';
import type { ServerDescription } from '../config/servers.ts';
import { documentName } from '../documents/benchmark.ts';
import { describeRun } from './describe-run.ts';
import { buildServers, executionExists, runningBenchmarks } from './execution.ts';
import { finishMeasurement, measure, type Watcher } from './measure.ts';
import type { MeasurementRecordInput } from '../results/schema/measurement-record.ts';
import { planMeasurement, type MeasurementPlan } from './plan.ts';
import { makeRunFolder, readMeasurementRecord, writeRunRecord } from './run-folder.ts';
import type { Run, RunRequest } from './run.ts';
import type { LabBackend } from './lab-backend.ts';

/**
 * Runs every measurement of a run that has not been made yet, one after the other, and leaves `run.json` and the raw files. One
 * that was left running is resumed. Throws LabError `environment` before anything starts when a measurement does not fit.
 */
export async function runBenchmark(backend: LabBackend, run: Run, watcher: Watcher): Promise<void> {
  const capacity = await backend.readCapacity();
  const plans = new Map<string, MeasurementPlan>(
    run.servers.map(({ description }) => [
      description.name,
      planMeasurement(run.request, description, backend.lab, capacity),
    ]),
  );
  await makeRunFolder(run.folder);
  const skipped = new Map<string, string>();
  const save = (endedUnixMillis: number | null): Promise<void> =>
    writeRunRecord(run.folder, describeRun(backend, run, [...plans.values()], skipped, endedUnixMillis));
  for (const { description } of run.servers) {
    const reason = whatItLacks(run.request, description);
    if (reason === null) continue;
    skipped.set(description.name, reason);
    watcher.onProgress({ kind: 'outcome', server: description.name, text: `skipped: ${reason}` });
  }
  await save(null);

  let hostsAreNew = true;
  let isLeft = false;
  let isBuilt = false;
  const note = async (record: MeasurementRecordInput, folder: string): Promise<void> => {
    const { server, status, reason } = record;
    if (status === 'running') {
      isLeft = true;
      return;
    }
    if (status === 'skipped') {
      skipped.set(server, reason ?? 'it cannot be built here');
      await rm(folder, { recursive: true, force: true });
    }
    // Written again in any case: somebody may have removed it meanwhile.
    await save(null);
    const found = status === 'succeeded' ? await watcher.inOneLine?.(record.measurement) : undefined;
    const text = status === 'succeeded' ? ['measured', found].filter(Boolean).join(': ') : `${status}: ${reason ?? ''}`;
    watcher.onProgress({ kind: 'outcome', server, text });
  };
  for (const [place, { server, repeat, measurement }] of run.schedule.entries()) {
    const plan = plans.get(server);
    if (plan === undefined || skipped.has(server) || watcher.signal.aborted) continue;
    const folder = join(run.folder, 'raw', measurement);
    const earlier = await readMeasurementRecord(folder);
    if (earlier?.status === 'succeeded') continue;
    watcher.onProgress({ kind: 'measurement', server, number: place + 1, of: run.schedule.length });
    const executionId = earlier?.status === 'running' && backend.detachable ? (earlier.executionId ?? null) : null;
    if (earlier !== null && executionId !== null && (await executionExists(backend, executionId))) {
      hostsAreNew = false;
      await note(await finishMeasurement(backend, { ...earlier, executionId }, folder, watcher), folder);
      continue;
    }
    await refuseSecondRun(backend);
    // What an interrupted measurement left would mix with the new one.
    await rm(folder, { recursive: true, force: true });
    if (!hostsAreNew) await backend.renewHosts();
    hostsAreNew = false;
    // Not before the first: what is quick to build is shown soon.
    if (place > 0 && !isBuilt) {
      const rest = new Set(run.schedule.slice(place).map((later) => later.server));
      const others = [...rest].filter((name) => !skipped.has(name));
      if (others.length > 1) {
        watcher.onProgress({ kind: 'building', servers: others });
        await buildServers(backend, others, watcher.signal);
      }
      isBuilt = true;
    }
    await note(await measure(backend, plan, { measurement, repeat, folder }, watcher), folder);
  }
  if (!isLeft) await save(Date.now());
}

/** Why a server cannot be measured as asked; null when it can. */
function whatItLacks(request: RunRequest, server: ServerDescription): string | null {
  if (request.tls && !server.tls) return 'it does not serve TLS, by its server.json';
  if (request.deflate && !server.deflate) return 'it does not compress messages, by its server.json';
  return null;
}

/** Throws LabError `environment` when the lab's hosts are taken: two runs at once would measure each other. */
async function refuseSecondRun(backend: LabBackend): Promise<void> {
  const [running] = await runningBenchmarks(backend);
  if (running === undefined) return;
  const { AutomationExecutionId: id, ExecutionStartTime: began } = running;
  throw new LabError(
    'environment',
    `the hosts of ${backend.lab.name} are in use: execution ${id} of ${documentName(backend.lab, 'Benchmark')} has been running since ${began?.toISOString() ?? 'an unknown time'}`,
    `watch it (c1m attach ${id}), or cancel it (c1m cancel ${id})`,
  );
}
