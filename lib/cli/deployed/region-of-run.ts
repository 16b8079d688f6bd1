import { join } from 'node:path';
import { LabError } from '../../config/lab-error.ts';
import { findStarted } from '../../run/detached/find-started.ts';
import { readRunRecord } from '../../run/run-folder.ts';
import type { PlaceFlags } from '../flags/lab-flags.ts';
import { isExecutionId } from './choose-execution.ts';

/**
 * The flags with the region that a run was begun in, unless they name one: the operator's own may be another by now. `word` is the
 * id of a run or an execution; without it, the run that was left last is meant. What is not known here leaves the flags as they are.
 */
export async function inRegionOfRun<Flags extends PlaceFlags>(
  flags: Flags,
  out: string,
  word: string | undefined,
): Promise<Flags> {
  if (flags.region !== undefined) return flags;
  const runId = word === undefined || isExecutionId(word) ? await runOf(out, word) : word;
  if (runId === undefined) return flags;
  try {
    const { region } = await readRunRecord(join(out, runId));
    return region === null ? flags : { ...flags, region };
  } catch (error) {
    // Whoever needs the run says what is wrong with it.
    if (error instanceof LabError) return flags;
    throw error;
  }
}

/** The run in which an execution was started, or without one, the run that was left last. */
async function runOf(out: string, executionId: string | undefined): Promise<string | undefined> {
  const started = await findStarted(out);
  return started.find(({ record }) =>
    executionId === undefined ? record.status === 'running' : record.executionId === executionId,
  )?.runId;
}
