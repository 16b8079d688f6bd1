import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { AutomationExecution } from '@aws-sdk/client-ssm';
import type { MeasurementRecordInput } from '../results/schema/measurement-record.ts';
import { askStatus, followExecution, getExecution, runVerb, startBenchmark, stopExecution } from './execution.ts';
import { readOutcome, type Outcome } from './outcome.ts';
import type { MeasurementPlan } from './plan.ts';
import { summarize, type ProgressEvent } from './progress.ts';
import type { Site } from './site.ts';

/** Steps in which the hosts have something to show. */
const livelySteps = new Set(['start', 'ramp', 'drive']);

/** Who is told how a measurement goes, and how it can be interrupted. */
export interface Watcher {
  readonly onProgress: (event: ProgressEvent) => void;
  /** Aborted by Ctrl-C: the measurement is cancelled, and what it has is collected. */
  readonly signal: AbortSignal;
}

/**
 * Measures one server: runs the Benchmark document, follows it, and brings its raw files into `folder`, with `measurement.json`
 * beside them. Never throws for what goes wrong on the hosts: the record says it.
 */
export async function measure(
  site: Site,
  plan: MeasurementPlan,
  identity: { readonly measurement: string; readonly repeat: number; readonly folder: string },
  watcher: Watcher,
): Promise<MeasurementRecordInput> {
  const { folder, measurement, repeat } = identity;
  await mkdir(folder, { recursive: true });
  const began = Date.now();
  let record: MeasurementRecordInput = {
    schema: 1,
    measurement,
    server: plan.server,
    repeat,
    status: 'running',
    beganUnixMillis: began,
  };
  const save = (): Promise<void> => writeFile(join(folder, 'measurement.json'), `${JSON.stringify(record, null, 1)}\n`);
  await save();

  const executionId = await startBenchmark(site, plan);
  record = { ...record, executionId };
  await save();

  const { execution, trouble } = await watch(site, plan.server, executionId, watcher);
  const ended = await readOutcome(site, execution);
  const outcome: Outcome = trouble === null ? ended : { ...ended, status: 'failed', reason: trouble };
  await site.fetchRaw(executionId, folder);
  if (outcome.buildLog !== null) await writeFile(join(folder, 'build.log'), outcome.buildLog);
  record = {
    ...record,
    endedUnixMillis: Date.now(),
    status: outcome.status,
    reason: outcome.reason,
    steps: [...outcome.steps],
  };
  await save();
  return record;
}

/**
 * Follows an execution to its end, telling steps and statuses. Cancels it when the watcher is aborted, and when a load host has
 * failed: the others would drive on to the end, for a result that is spoilt already.
 */
async function watch(
  site: Site,
  server: string,
  executionId: string,
  { onProgress, signal }: Watcher,
): Promise<{ readonly execution: AutomationExecution; readonly trouble: string | null }> {
  let step = '';
  let trouble: string | null = null;
  const ended = new AbortController();
  const spoilt = new AbortController();
  const onLook = (execution: AutomationExecution): void => {
    const now = execution.CurrentStepName ?? '';
    if (now !== '' && now !== step) onProgress({ kind: 'step', server, step: now });
    step = now === '' ? step : now;
  };
  const statuses = (async (): Promise<void> => {
    while (!ended.signal.aborted) {
      if (livelySteps.has(step)) {
        const hosts = await askStatus(site, executionId);
        if (!ended.signal.aborted) onProgress({ kind: 'status', server, step, summary: summarize(hosts) });
        const failed = hosts.find(({ load }) => load?.phase === 'failed');
        if (failed !== undefined && trouble === null) {
          trouble = `${step}: ${failed.host}: ${failed.load?.reason ?? 'the load generator failed'}`;
          spoilt.abort();
        }
      }
      await pause(site.statusMillis, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  })();
  try {
    const execution = await followExecution(site, executionId, onLook, AbortSignal.any([signal, spoilt.signal]));
    return { execution, trouble };
  } catch (error) {
    if (!signal.aborted && !spoilt.signal.aborted) throw error;
    onProgress({ kind: 'step', server, step: signal.aborted ? 'interrupted' : 'spoilt' });
    await stopExecution(site, executionId);
    // A cancelled execution runs none of its later steps: collect and stop are asked for here.
    await runVerb(site, 'Collect', { Run: [executionId] });
    await runVerb(site, 'Stop', {});
    return { execution: await getExecution(site, executionId), trouble };
  } finally {
    ended.abort();
    await statuses;
  }
}
