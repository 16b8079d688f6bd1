import { buildCommand } from '@stricli/core';
import { resolve } from 'node:path';
import { chooseRunning } from '../../deployed/choose-execution.ts';
import type { LabContext } from '../../context.ts';
import { findDeployedLab } from '../../deployed/deployed-lab.ts';
import { performRun } from '../../run/perform-run.ts';
import { resumedRun } from '../../run/resolve-run.ts';
import { inRegionOfRun } from '../../deployed/region-of-run.ts';
import { executionFlagParameters, optionalRun, type ExecutionFlags } from '../../deployed/execution-flags.ts';

/** `c1m attach`: watches a run on AWS that was left, or started elsewhere, to its end. */
export const attachCommand = buildCommand<ExecutionFlags, [string?], LabContext>({
  docs: {
    brief: 'Resume watching a run on AWS, and fetch its result',
    fullDescription:
      'Waits for the running execution, fetches its raw files, completes the rest of the run, and reports. RUN is the id of a run or of an execution, even one started from the console [default = the run detached last, else what runs on the hosts]. Exit codes as for c1m run.',
  },
  parameters: { positional: optionalRun, flags: executionFlagParameters },
  async func(flags, word) {
    const out = resolve(this.workingFolder, flags.out);
    const { backend } = await findDeployedLab(await inRegionOfRun(flags, out, word), this);
    try {
      const { runId } = await chooseRunning(backend, out, word, this);
      const resolved = await resumedRun(runId, flags, out, this);
      this.process.exitCode = await performRun(backend, resolved.complete(backend), this);
    } finally {
      await backend.close();
    }
  },
});
