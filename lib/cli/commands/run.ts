import { buildCommand } from '@stricli/core';
import { resolve } from 'node:path';
import { articleLab } from '../../config/lab.ts';
import { exitCodes, LabError } from '../../config/lab-error.ts';
import type { OutsideServer } from '../../local/hosts/outside-servers.ts';
import { makeLocalSite } from '../../local/local-site.ts';
import { runBenchmark, type ChosenServer } from '../../run/run-benchmark.ts';
import { writingTo } from '../../run/run-folder.ts';
import type { LabContext } from '../context.ts';
import { progressPrinter } from '../progress-printer.ts';
import { publishResult } from '../publish-result.ts';
import { newRun, resumedRun } from '../resolve-run.ts';
import { runFlagParameters, type RunFlags } from '../run-flags.ts';
import { runUrl } from '../run-url.ts';

/** `c1m run`: measures servers, one after the other, and reports. */
export const runCommand = buildCommand<RunFlags, [], LabContext>({
  docs: {
    brief: 'Measure servers and compare them',
    fullDescription:
      'Starts the Benchmark document for each server, shows how it goes, fetches the raw files, and writes DIR/<run-id>/ with result.json and report.html. Exit codes: 0 ok, 2 usage, 3 environment, 4 run failed, 5 target not reached, 6 result invalid, 130 interrupted.',
  },
  parameters: {
    flags: runFlagParameters,
  },
  async func(flags) {
    const out = resolve(this.workingFolder, flags.out);
    if (flags.url !== undefined) {
      this.process.exitCode = await runUrl(flags.url, flags, out, this);
      return;
    }
    if (flags.local !== true) {
      throw new LabError('usage', 'a run on AWS is not there yet', 'give --local to run on this machine');
    }
    const resolved =
      flags.resume === undefined ? newRun(flags, out, this) : await resumedRun(flags.resume, flags, out, this);
    const site = await makeLocalSite(articleLab, outsideServersOf(resolved.servers));
    try {
      const run = resolved.complete(site);
      const printer = progressPrinter(this);
      try {
        const watcher = { onProgress: printer.onProgress, signal: this.interrupted };
        await writingTo(run.folder, () => runBenchmark(site, run, watcher));
      } finally {
        printer.end();
      }
      const exitCode = await publishResult(this, run.folder);
      this.process.exitCode = this.interrupted.aborted ? exitCodes.interrupted : exitCode;
      if (this.interrupted.aborted) {
        this.process.stderr.write(`interrupted; to go on: c1m run --local --resume ${run.runId}\n`);
      }
    } finally {
      await site.close();
    }
  },
});

function outsideServersOf(servers: readonly ChosenServer[]): readonly OutsideServer[] {
  return servers.flatMap(({ description: { name }, outsideFolder }) =>
    outsideFolder === null ? [] : [{ name, folder: outsideFolder }],
  );
}
