import { buildCommand } from '@stricli/core';
import { join, resolve } from 'node:path';
import { readKeptRun } from '../../compare/kept-run.ts';
import { renderCsv } from '../../report/render-csv.ts';
import type { LabContext } from '../context.ts';
import { openInBrowser } from '../run/open-in-browser.ts';
import { publishResult } from '../run/publish-result.ts';

interface ReportFlags {
  readonly csv?: boolean;
  readonly open?: boolean;
  readonly sort?: string;
}

/** `c1m report`: makes result, report and table again from the raw files of a run. */
export const reportCommand = buildCommand({
  docs: { brief: 'Regenerate result.json and report.html of a run from its raw files' },
  parameters: {
    flags: {
      sort: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'FIGURE',
        brief: 'Sort servers by this figure, best first, such as memory or broadcast.p99',
      },
      open: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: "Open the report in this machine's browser",
      },
      csv: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Print every figure of every measurement as CSV, for your own plots; writes nothing',
      },
    },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'Folder of the run, DIR/<run-id>', placeholder: 'folder', parse: String }],
    },
  },
  async func(this: LabContext, { csv, open, sort }: ReportFlags, folder: string) {
    const path = resolve(this.workingFolder, folder);
    if (csv === true) {
      this.process.stdout.write(renderCsv(await readKeptRun(path)));
      return;
    }
    const exitCode = await publishResult(this, path, sort);
    if (open === true) await openInBrowser(join(path, 'report.html'));
    this.process.exitCode = exitCode;
  },
});
