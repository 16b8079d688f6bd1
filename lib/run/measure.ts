import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { AutomationExecution } from '@aws-sdk/client-ssm';
import { LabError } from '../config/lab-error.ts';
import type { MeasurementRecordInput } from '../results/schema/measurement-record.ts';
import { cancelAndCollect } from './left/cancel.ts';
import { askStatus, followExecution, startBenchmark } from './execution.ts';
import { readOutcome, type Outcome } from './outcome.ts';
import type { MeasurementPlan } from './plan.ts';
import { summarize, type ProgressEvent } from './progress.ts';
import type { Site } from './site.ts';

/** Steps in which the hosts have something to show. */
const livelySteps = new Set(['start', 'ramp', 'drive']);

/** After a look at the hosts, so many times as long passes until the next. */
const statusPauses = 3;

/** Who is told how a measurement goes, and how it can be interrupted. */
export interface Watcher {
  readonly onProgress: (event: ProgressEvent) => void;
  /**
   * Aborted by Ctrl-C. Where executions end with this process, the measurement is cancelled and what it has is collected; where
   * they go on (`Site.detachable`) it is left running.
   */
  readonly signal: AbortSignal;
}

/** A measurement whose execution has been started. */
export type StartedMeasurement = MeasurementRecordInput & { readonly executionId: string };

/**
 * Measures one server: runs the Benchmark document, follows it, and brings its raw files into `folder`, with `measurement.json`
 * beside them. Never throws for what goes wrong on the hosts: the record says it. Its status is `running` when it was left.
 */
export async function measure(
  site: Site,
  plan: MeasurementPlan,
  identity: { readonly measurement: string; readonly repeat: number; readonly folder: string },
  watcher: Watcher,
): Promise<MeasurementRecordInput> {
  const { folder, measurement, repeat } = identity;
  await mkdir(folder, { recursive: true });
  const record: MeasurementRecordInput = {
    schema: 1,
    measurement,
    server: plan.server,
    repeat,
    status: 'running',
    beganUnixMillis: Date.now(),
  };
  await writeMeasurementRecord(folder, record);
  const started = { ...record, executionId: await startBenchmark(site, plan) };
  await writeMeasurementRecord(folder, started);
  return finishMeasurement(site, started, folder, watcher);
}

/** Follows a measurement that has been started, here or elsewhere, to its end, and brings its raw files. See {@link measure}. */
export async function finishMeasurement(
  site: Site,
  started: StartedMeasurement,
  folder: string,
  watcher: Watcher,
): Promise<MeasurementRecordInput> {
  const { execution, trouble } = await watch(site, started, watcher);
  if (execution === null) return started;
  const ended = await readOutcome(site, execution);
  return concludeMeasurement(site, started, folder, {
    ...ended,
    ...(trouble === null ? {} : { status: 'failed', reason: trouble }),
  });
}

/** Brings the raw files of a measurement that has ended, and writes down how it did. */
export async function concludeMeasurement(
  site: Site,
  started: StartedMeasurement,
  folder: string,
  outcome: Outcome,
): Promise<MeasurementRecordInput> {
  await mkdir(folder, { recursive: true });
  await site.fetchRaw(started.executionId, folder);
  if (outcome.buildLog !== null) await writeFile(join(folder, 'build.log'), outcome.buildLog);
  const record: MeasurementRecordInput = {
    ...started,
    endedUnixMillis: outcome.endedUnixMillis ?? Date.now(),
    status: outcome.status,
    reason: outcome.reason,
    steps: [...outcome.steps],
  };
  await writeMeasurementRecord(folder, record);
  return record;
}

/** Writes `measurement.json`. */
export async function writeMeasurementRecord(folder: string, record: MeasurementRecordInput): Promise<void> {
  await writeFile(join(folder, 'measurement.json'), `${JSON.stringify(record, null, 1)}\n`);
}

/**
 * Follows an execution to its end, telling steps and statuses; null when it was left running. Cancels it when a load host has
 * failed or a host is lost: the others would drive on to the end, for a result that is spoilt already.
 */
async function watch(
  site: Site,
  { server, executionId }: StartedMeasurement,
  { onProgress, signal }: Watcher,
): Promise<{ readonly execution: AutomationExecution | null; readonly trouble: string | null }> {
  let step = '';
  let trouble: string | null = null;
  const ended = new AbortController();
  const spoilt = new AbortController();
  const onLook = (execution: AutomationExecution): void => {
    const now = execution.CurrentStepName ?? '';
    if (now !== '' && now !== step) onProgress({ kind: 'step', server, step: now });
    step = now === '' ? step : now;
  };
  const spoil = (reason: string): void => {
    trouble ??= step === '' ? reason : `${step}: ${reason}`;
    spoilt.abort();
  };
  const lookAtHosts = async (): Promise<void> => {
    const [lost] = await site.lostHosts();
    if (lost !== undefined) spoil(lost);
    if (!livelySteps.has(step) || spoilt.signal.aborted) return;
    const hosts = await askStatus(site, executionId);
    if (!ended.signal.aborted) onProgress({ kind: 'status', server, step, summary: summarize(hosts) });
    const failed = hosts.find(({ load }) => load?.phase === 'failed');
    if (failed !== undefined) spoil(`${failed.host}: ${failed.load?.reason ?? 'the load generator failed'}`);
  };
  const statuses = (async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const began = performance.now();
      // A look at the hosts that fails for want of a network is no trouble of theirs; following says it when it lasts.
      await lookAtHosts().catch((error: unknown) => {
        if (!(error instanceof LabError)) throw error;
      });
      // Hosts that are slow to answer are busy, and looking at them is not to be what they are busy with.
      const waitMillis = Math.max(site.statusMillis, statusPauses * (performance.now() - began));
      await pause(waitMillis, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  })();
  // It is waited for below; until then a rejection has somebody who hears of it.
  statuses.catch(() => undefined);
  try {
    const execution = await followExecution(site, executionId, onLook, AbortSignal.any([signal, spoilt.signal]));
    return { execution, trouble };
  } catch (error) {
    if (!signal.aborted && !spoilt.signal.aborted) throw error;
    if (!spoilt.signal.aborted && site.detachable) return { execution: null, trouble: null };
    onProgress({ kind: 'step', server, step: signal.aborted ? 'interrupted' : 'spoilt' });
    return { execution: await cancelAndCollect(site, executionId), trouble };
  } finally {
    ended.abort();
    if (!(signal.aborted && site.detachable)) await statuses;
  }
}
