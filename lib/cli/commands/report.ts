import { buildCommand } from '@stricli/core';
import { resolve } from 'node:path';
import type { LabContext } from '../context.ts';
import { publishResult } from '../publish-result.ts';

/** `c1m report`: makes result, report and table again from the raw files of a run. */
export const reportCommand = buildCommand({
  docs: { brief: 'Make result.json and report.html of a run again from its raw files' },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'Folder of the run, DIR/<run-id>', placeholder: 'folder', parse: String }],
    },
  },
  async func(this: LabContext, _flags: object, folder: string) {
    const exitCode = await publishResult(this, resolve(this.workingFolder, folder));
    this.process.exitCode = exitCode;
  },
});
