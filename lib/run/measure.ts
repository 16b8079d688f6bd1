import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { AutomationExecution } from '@aws-sdk/client-ssm';
import { LabError } from '../config/lab-error.ts';
import { makeFolder } from '../config/system/make-folder.ts';
import type { MeasurementRecordInput } from '../results/schema/measurement-record.ts';
import { hostsOf } from '../config/hosts.ts';
import { cancelAndCollect, waitForLastSteps } from './detached/cancel.ts';
import { whyDropped } from './faults/dropped.ts';
import { Liveness, loadSteps } from './faults/liveness.ts';
import { askStatus, followExecution, getExecution, hasEnded, startBenchmark } from './execution.ts';
import { readOutcome, type Outcome } from './outcome.ts';
import type { MeasurementPlan } from './plan.ts';
import { summarize, type ProgressEvent } from './progress.ts';
import { writeWhole } from './run-folder.ts';
import type { LabBackend } from './lab-backend.ts';
import { writeMeasurement } from './faults/storage-error.ts';

/** Steps in which the hosts have something to show; in every other that runs on them it is only seen that they get on with it. */
const shownSteps = new Set(['start', 'ramp', 'drive', 'restart', 'resume']);

/** Whether a step has something to do: these two have not where the workload restarts no server. */
function isWork(step: string, { Parameters }: AutomationExecution): boolean {
  return !['restart', 'resume'].includes(step) || /\brestart\b/.test(Parameters?.['Workload']?.[0] ?? '');
}

/** Steps that an interruption waits for: they keep what was measured. */
const lastSteps = new Set(['collect', 'stop']);

/** So many times as long as after a cancellation may each of them take before it is given up. */
const lastStepTimes = 15;

/** After a look at the hosts, so many times as long passes until the next. */
const statusPauses = 3;

/** Who is told how a measurement goes, and how it can be interrupted. */
export interface Watcher {
  readonly onProgress: (event: ProgressEvent) => void;
  /** What a measurement that has just ended found, in a line, by its name. @default - only that it was measured */
  readonly inOneLine?: (measurement: string) => Promise<string>;
  /**
   * Aborted by Ctrl-C. Where executions end with this process, the measurement is cancelled and what it has is collected; where
   * they go on (`LabBackend.detachable`) it is left running.
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
  backend: LabBackend,
  plan: MeasurementPlan,
  identity: { readonly measurement: string; readonly repeat: number; readonly folder: string },
  watcher: Watcher,
): Promise<MeasurementRecordInput> {
  const { folder, measurement, repeat } = identity;
  await makeFolder(folder);
  const record: MeasurementRecordInput = {
    schema: 1,
    measurement,
    server: plan.server,
    repeat,
    status: 'running',
    beganUnixMillis: Date.now(),
  };
  await writeMeasurementRecord(folder, record);
  const started = { ...record, executionId: await startBenchmark(backend, plan) };
  await writeMeasurementRecord(folder, started);
  return finishMeasurement(backend, started, folder, watcher);
}

/** Follows a measurement that has been started, here or elsewhere, to its end, and brings its raw files. See {@link measure}. */
export async function finishMeasurement(
  backend: LabBackend,
  started: StartedMeasurement,
  folder: string,
  watcher: Watcher,
): Promise<MeasurementRecordInput> {
  const { execution, trouble } = await watch(backend, started, folder, watcher);
  if (execution === null) return started;
  const ended = await readOutcome(backend, execution);
  return concludeMeasurement(backend, started, folder, {
    ...ended,
    ...(trouble === null ? {} : { status: 'failed', reason: trouble }),
  });
}

/** Brings the raw files of a measurement that has ended, and writes down how it did; throws {@link StorageError} when that is elsewhere. */
export async function concludeMeasurement(
  backend: LabBackend,
  started: StartedMeasurement,
  folder: string,
  outcome: Outcome,
): Promise<MeasurementRecordInput> {
  const record: MeasurementRecordInput = {
    ...started,
    endedUnixMillis: outcome.endedUnixMillis ?? Date.now(),
    status: outcome.status,
    reason: outcome.reason,
    steps: [...outcome.steps],
  };
  await writeMeasurement(folder, async (place) => {
    await makeFolder(place);
    await backend.fetchRaw(started.executionId, place);
    if (outcome.buildLog !== null) await writeFile(join(place, 'build.log'), outcome.buildLog);
    await writeMeasurementRecord(place, record);
  });
  return record;
}

/** Writes `measurement.json`. */
export async function writeMeasurementRecord(folder: string, record: MeasurementRecordInput): Promise<void> {
  await writeWhole(join(folder, 'measurement.json'), `${JSON.stringify(record, null, 1)}\n`);
}

/**
 * Follows an execution to its end, telling steps and statuses, and bringing raw files as they come; null when it was left running.
 * Cancels it when a load host has failed, or a host or reporter is silent: the others would drive on to the end, for a result that is
 * spoilt already.
 */
async function watch(
  backend: LabBackend,
  { server, executionId }: StartedMeasurement,
  folder: string,
  { onProgress, signal }: Watcher,
): Promise<{ readonly execution: AutomationExecution | null; readonly trouble: string | null }> {
  let step = '';
  let stepBegan = 0;
  let trouble: string | null = null;
  const ended = new AbortController();
  const spoilt = new AbortController();
  const hosts = hostsOf(backend.lab).map(({ name }) => name);
  const liveness = new Liveness(hosts, backend.silenceMillis);
  // What cannot be written now may be at the end, which says it when it cannot.
  const pull = async (): Promise<void> => backend.fetchRaw(executionId, folder).catch(() => undefined);
  let failureSaid = false;
  /** What a step failed of is said when it has: to collect from hosts that do not answer takes its time. */
  const sayFailure = async (execution: AutomationExecution): Promise<void> => {
    if (failureSaid || execution.StepExecutions?.every(({ StepStatus }) => StepStatus !== 'Failed') !== false) return;
    failureSaid = true;
    const { status, reason } = await readOutcome(backend, execution);
    if (status === 'failed') onProgress({ kind: 'interrupted', server, text: `${reason}: collecting what there is` });
  };
  const onLook = async (execution: AutomationExecution): Promise<void> => {
    const { CurrentStepName: now = '' } = execution;
    if (!hasEnded(execution)) await sayFailure(execution);
    if (now !== '' && now !== step) {
      // What a step measured is kept before the next is told of.
      if (backend.pullMillis !== null) await pull();
      step = now;
      stepBegan = performance.now();
      if (isWork(step, execution)) onProgress({ kind: 'step', server, step });
    }
    const seconds = Math.round((performance.now() - stepBegan) / 1000);
    if (lastSteps.has(step) && seconds * 1000 > lastStepTimes * backend.cancelMillis)
      spoil(`has not ended after ${seconds} s`);
  };
  const spoil = (reason: string): void => {
    trouble ??= step === '' ? reason : `${step}: ${reason}`;
    spoilt.abort();
  };
  // By itself: a host that was lost while it is asked what it does is waited for until the patience with it is over.
  const lookForLost = async (): Promise<void> => {
    const [lost] = await backend.lostHosts();
    if (lost !== undefined) spoil(lost);
  };
  /** Where no other host drives on, the step ends by itself; and whoever cancels from elsewhere ends what drives, too. */
  const isStillAt = async (asked: string): Promise<boolean> => {
    const { AutomationExecutionStatus: status, CurrentStepName: now } = await getExecution(backend, executionId);
    return status === 'InProgress' && now === asked;
  };
  const lookAtHosts = async (): Promise<void> => {
    const asked = step;
    if (asked === '' || asked.endsWith('IsOnline') || spoilt.signal.aborted) return;
    const began = performance.now();
    const statuses = await askStatus(backend, executionId, ended.signal);
    if (ended.signal.aborted || step !== asked) return;
    if (shownSteps.has(step)) onProgress({ kind: 'status', server, step, summary: summarize(statuses) });
    const failed = statuses.find(({ load }) => load?.phase === 'failed');
    if (failed !== undefined) spoil(`${failed.host}: ${failed.load?.reason ?? 'the load generator failed'}`);
    const [dropped] = loadSteps.has(step) ? whyDropped(statuses) : [];
    if (dropped !== undefined && (await isStillAt(step))) spoil(dropped);
    const now = performance.now();
    const silent = liveness.look(step, statuses, now, now - began);
    if (silent !== null) spoil(silent);
  };
  const looks = [lookForLost, lookAtHosts].map((look) => again(ended.signal, backend.statusMillis, look));
  const pulls = backend.pullMillis === null ? Promise.resolve() : again(ended.signal, backend.pullMillis, pull);
  // Both are waited for below; until then a rejection has somebody who hears of it.
  for (const work of [...looks, pulls]) work.catch(() => undefined);
  try {
    const interrupted = AbortSignal.any([signal, spoilt.signal]);
    const execution = await followExecution(backend, executionId, onLook, interrupted);
    return { execution, trouble };
  } catch (error) {
    if (!signal.aborted && !spoilt.signal.aborted) throw error;
    if (trouble === null && backend.detachable) return { execution: null, trouble };
    if (trouble === null && lastSteps.has(step)) {
      onProgress({
        kind: 'interrupted',
        server,
        text: 'interrupted: the results are being collected, which is waited for',
      });
      return { execution: await waitForLastSteps(backend, executionId, signal), trouble };
    }
    const why = trouble ?? 'interrupted';
    onProgress({ kind: 'interrupted', server, text: `${why}: collecting what there is` });
    return { execution: await cancelAndCollect(backend, executionId, signal), trouble };
  } finally {
    ended.abort();
    if (!(signal.aborted && backend.detachable)) await Promise.all([...looks, pulls]);
  }
}

/**
 * Does something again and again until aborted, with at least `pauseMillis` between. What is slow is done more seldom: hosts that are
 * slow to answer are busy, and looking at them is not to be what they are busy with.
 */
async function again(signal: AbortSignal, pauseMillis: number, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    const began = performance.now();
    // A look at the hosts that fails for want of a network is no trouble of theirs; following says it when it lasts.
    await work().catch((error: unknown) => {
      if (!(error instanceof LabError)) throw error;
    });
    const waitMillis = Math.max(pauseMillis, statusPauses * (performance.now() - began));
    await pause(waitMillis, undefined, { signal }).catch(() => undefined);
  }
}
