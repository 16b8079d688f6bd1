import { buildCommand } from '@stricli/core';
import { resolve } from 'node:path';
import { executionExists, getExecution, hasEnded } from '../../../run/execution.ts';
import type { FoundMeasurement } from '../../../run/detached/find-started.ts';
import { concludeMeasurement } from '../../../run/measure.ts';
import { readOutcome } from '../../../run/outcome.ts';
import type { LabBackend } from '../../../run/lab-backend.ts';
import { chooseExecution, isExecutionId, measurementsOfRun } from '../../deployed/choose-execution.ts';
import type { LabContext } from '../../context.ts';
import { findDeployedLab } from '../../deployed/deployed-lab.ts';
import { inRegionOfRun } from '../../deployed/region-of-run.ts';
import { executionFlagParameters, parseRun, type ExecutionFlags } from '../../deployed/execution-flags.ts';
import { publishResult } from '../../run/publish-result.ts';

/** `c1m fetch`: downloads what an execution has uploaded, however it was started. */
export const fetchCommand = buildCommand<ExecutionFlags, [string], LabContext>({
  docs: {
    brief: 'Download the raw files of a run or execution on AWS, and report',
    fullDescription:
      'RUN is the id of a run, or of an execution of the Benchmark document, even one started from the console or with the aws command. If it is still running, fetches what it has uploaded so far. Exit codes as for c1m run.',
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ brief: "A run's id, or an execution's", placeholder: 'run', parse: parseRun }],
    },
    flags: executionFlagParameters,
  },
  async func(flags, word) {
    const out = resolve(this.workingFolder, flags.out);
    const { backend } = await findDeployedLab(await inRegionOfRun(flags, out, word), this);
    try {
      const found = isExecutionId(word)
        ? [await chooseExecution(backend, out, word, this)]
        : await measurementsOfRun(out, word);
      for (const measurement of found) await fetchMeasurement(backend, measurement, this);
      const [first] = found;
      this.process.exitCode = await publishResult(this, first?.runFolder ?? resolve(out, word));
    } finally {
      await backend.close();
    }
  },
});

async function fetchMeasurement(
  backend: LabBackend,
  { folder, record }: FoundMeasurement,
  context: LabContext,
): Promise<void> {
  const { executionId } = record;
  const isOpen = record.status === 'running' && (await executionExists(backend, executionId));
  if (!isOpen) {
    await backend.fetchRaw(executionId, folder);
    return;
  }
  const execution = await getExecution(backend, executionId);
  if (hasEnded(execution)) {
    await concludeMeasurement(backend, record, folder, await readOutcome(backend, execution));
    return;
  }
  await backend.fetchRaw(executionId, folder);
  const step = execution.CurrentStepName ?? 'its beginning';
  context.process.stderr.write(
    `${executionId} is still running (${step}): this is what it has uploaded until now; c1m attach ${executionId} waits for its end\n`,
  );
}
