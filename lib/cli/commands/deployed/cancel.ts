import { buildCommand } from '@stricli/core';
import { resolve } from 'node:path';
import { cancelFound } from '../../deployed/cancel-found.ts';
import { chooseRunning } from '../../deployed/choose-execution.ts';
import type { LabContext } from '../../context.ts';
import { findDeployedLab } from '../../deployed/deployed-lab.ts';
import { inRegionOfRun } from '../../deployed/region-of-run.ts';
import { executionFlagParameters, optionalRun, type ExecutionFlags } from '../../deployed/execution-flags.ts';

/** `c1m cancel`: ends a running benchmark on AWS and keeps what it has measured. */
export const cancelCommand = buildCommand<ExecutionFlags, [string?], LabContext>({
  docs: {
    brief: 'Cancel the benchmark running on AWS, and fetch what it has measured',
    fullDescription:
      'Cancels the execution, lets every host collect what it has and stop, fetches the files, and reports. RUN is the id of a run or of an execution [default = the run detached last, else what runs on the hosts]. Exit codes as for c1m run: 4, because the measurement is incomplete.',
  },
  parameters: { positional: optionalRun, flags: executionFlagParameters },
  async func(flags, word) {
    const out = resolve(this.workingFolder, flags.out);
    const { backend } = await findDeployedLab(await inRegionOfRun(flags, out, word), this);
    try {
      this.process.exitCode = await cancelFound(backend, await chooseRunning(backend, out, word, this), this);
    } finally {
      await backend.close();
    }
  },
});
