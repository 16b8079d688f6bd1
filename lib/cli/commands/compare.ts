import { buildCommand } from '@stricli/core';
import { resolve } from 'node:path';
import { compareRuns, serversInSeveral } from '../../compare/compare-runs.ts';
import { judgeLimits, parseLimits } from '../../compare/gate.ts';
import { readKeptRun } from '../../compare/kept-run.ts';
import { renderComparison } from '../../compare/render-comparison.ts';
import { runDifferences } from '../../compare/run-differences.ts';
import { exitCodes, LabError } from '../../config/lab-error.ts';
import type { RunResult } from '../../results/schema/run-result.ts';
import type { LabContext } from '../context.ts';

interface CompareFlags {
  readonly failIf?: string;
  readonly allowDifferences?: boolean;
}

/** `c1m compare`: kept runs side by side, and a gate for CI. */
export const compareCommand = buildCommand({
  docs: {
    brief: 'Compare kept runs by server and figure, and tell which differences exceed the range over the repeats',
    fullDescription:
      'The first run is the base. Runs that differ in workload, size, machine or tuning are refused; --allow-differences compares them ' +
      'anyway. A run over TLS may be compared with one in plain text to see what TLS costs. ' +
      "With --fail-if 'memory>5%' the exit code is 9 when a figure is worse by more than that and by more than the range over the repeats, " +
      'and 6 when it cannot be judged: with fewer than two valid repeats.',
  },
  parameters: {
    flags: {
      failIf: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'figure>percent',
        brief: "What must not get worse, such as 'memory>5%,broadcast.p99>20%'",
      },
      allowDifferences: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Compare runs even if workload, machine or tuning differ',
      },
    },
    positional: {
      kind: 'array',
      parameter: {
        brief: 'Folders of runs, or result.json files; the first is the base',
        placeholder: 'run',
        parse: String,
      },
      minimum: 2,
    },
  },
  async func(this: LabContext, flags: CompareFlags, ...paths: string[]) {
    const limits = flags.failIf === undefined ? [] : parseLimits(flags.failIf);
    const runs: RunResult[] = [];
    for (const path of paths) runs.push(await readKeptRun(resolve(this.workingFolder, path)));
    const [first, ...later] = runs;
    const differences =
      first === undefined
        ? []
        : later.flatMap((run) => runDifferences(first, run, limits.length === 0 ? 'TLS' : undefined));
    if (differences.length > 0 && flags.allowDifferences !== true) {
      throw new LabError(
        'usage',
        `the runs are not alike: ${differences.join('; ')}`,
        'compare runs of the same workload on the same machine, or give --allow-differences and read the figures with that in mind',
      );
    }
    if (serversInSeveral(runs).length === 0) {
      const names = runs.map(({ runId, servers }) => `${runId}: ${servers.map(({ server }) => server).join(', ')}`);
      throw new LabError(
        'usage',
        `no server is in two of the runs (${names.join('; ')})`,
        'give runs of the same server',
      );
    }
    const rows = compareRuns(runs);
    this.process.stdout.write(renderComparison(rows, runs));
    for (const difference of differences) this.process.stdout.write(`not alike: ${difference}\n`);
    const judgements = judgeLimits(limits, rows, runs);
    for (const { outcome, sentence } of judgements) this.process.stdout.write(`${outcome}: ${sentence}\n`);
    if (judgements.some(({ outcome }) => outcome === 'failed')) this.process.exitCode = exitCodes.becameWorse;
    else if (judgements.some(({ outcome }) => outcome === 'unknown')) this.process.exitCode = exitCodes.resultInvalid;
  },
});
