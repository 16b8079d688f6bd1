import { AutomationExecutionNotFoundException, type AutomationExecution } from '@aws-sdk/client-ssm';
import { join } from 'node:path';
import { LabError } from '../../config/lab-error.ts';
import { adoptMeasurement, requestOfExecution } from '../../run/detached/adopt.ts';
import { describeRun } from '../../run/describe-run.ts';
import { getExecution, runningBenchmarks } from '../../run/execution.ts';
import { findStarted, startedIn, type FoundMeasurement } from '../../run/detached/find-started.ts';
import { makeRunFolder, newRunId, readRunRecord, writeRunRecord } from '../../run/run-folder.ts';
import type { LabBackend } from '../../run/lab-backend.ts';
import type { LabContext } from '../context.ts';
import { chooseServers, knownServers } from '../servers/server-folders.ts';

/** An execution's id, as SSM makes them. */
const executionId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The measurements of a run on AWS, by its id. Throws LabError `usage` when there is no such run, or it is a local one. */
export async function measurementsOfRun(out: string, runId: string): Promise<readonly FoundMeasurement[]> {
  const { where } = await readRunRecord(join(out, runId));
  if (where === 'aws') return startedIn(out, runId);
  throw new LabError(
    'usage',
    `the run ${runId} ran on a local lab, which ended with it`,
    'resume it with c1m run --local --resume',
  );
}

/**
 * The measurement that is running now: of a run, by its id; of an execution, by its id; without a word, the one that the operator
 * left last, else the one that runs on the lab's hosts. An execution that was not started from here gets a run's folder.
 */
export async function chooseRunning(
  backend: LabBackend,
  out: string,
  word: string | undefined,
  context: LabContext,
): Promise<FoundMeasurement> {
  if (word !== undefined && executionId.test(word)) return chooseExecution(backend, out, word, context);
  const candidates = word === undefined ? await findStarted(out) : await measurementsOfRun(out, word);
  const left = candidates.find(({ record }) => record.status === 'running');
  if (left !== undefined) {
    await existingExecution(backend, left.record.executionId);
    return left;
  }
  if (word !== undefined) {
    throw new LabError(
      'usage',
      `no part of the run ${word} is running`,
      `c1m run --resume ${word} completes it; c1m report shows what it has so far`,
    );
  }
  const [running] = await runningBenchmarks(backend);
  if (running?.AutomationExecutionId !== undefined) {
    return chooseExecution(backend, out, running.AutomationExecutionId, context);
  }
  throw new LabError('usage', `no benchmark is running on ${backend.lab.name}`, 'c1m run starts one');
}

/** The measurement of an execution: the one in whose run it was started, or a new run of its own. */
export async function chooseExecution(
  backend: LabBackend,
  out: string,
  id: string,
  context: LabContext,
): Promise<FoundMeasurement> {
  const known = (await findStarted(out)).find(({ record }) => record.executionId === id);
  return known ?? adopt(backend, out, await existingExecution(backend, id), id, context);
}

/** Whether a word is an execution's id rather than a run's. */
export function isExecutionId(word: string): boolean {
  return executionId.test(word);
}

async function existingExecution(backend: LabBackend, id: string): Promise<AutomationExecution> {
  try {
    return await getExecution(backend, id);
  } catch (error) {
    if (!(error instanceof AutomationExecutionNotFoundException)) throw error;
    throw new LabError(
      'usage',
      `SSM has no execution ${id} in this region`,
      'check the region (--region); aws ssm describe-automation-executions lists them',
      { cause: error },
    );
  }
}

/** Makes a run's folder for an execution that was started elsewhere. Its name is made of the execution, so that it stays the same. */
async function adopt(
  backend: LabBackend,
  out: string,
  execution: AutomationExecution,
  id: string,
  context: LabContext,
): Promise<FoundMeasurement> {
  const asked = requestOfExecution(backend, execution);
  const { server, request, beganUnixMillis } = asked;
  const runId = newRunId(new Date(beganUnixMillis), () => Number.parseInt(id.slice(0, 4), 16) / 0x10000);
  const runFolder = join(out, runId);
  await makeRunFolder(runFolder);
  const run = {
    runId,
    folder: runFolder,
    request,
    repeats: 1,
    servers: chooseServers(knownServers(), [server], context.workingFolder),
    schedule: [{ server, repeat: 1, measurement: server }],
    beganUnixMillis,
    // Which commit the hosts' assets are of is not known here.
    gitCommit: null,
    calibration: null,
  };
  await writeRunRecord(runFolder, describeRun(backend, run, [request], new Map(), null));
  const record = await adoptMeasurement(runFolder, id, asked);
  return { runId, runFolder, folder: join(runFolder, 'raw', server), record };
}
