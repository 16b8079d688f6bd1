import { buildCommand } from '@stricli/core';
import { resolve } from 'node:path';
import { articleLab } from '../../config/lab.ts';
import { exitCodes, LabError } from '../../config/lab-error.ts';
import { memoryPresetNames, type MemoryPresetName } from '../../config/servers.ts';
import type { OutsideServer } from '../../local/hosts/outside-servers.ts';
import { makeLocalSite } from '../../local/local-site.ts';
import { runBenchmark, type ChosenServer } from '../../run/run-benchmark.ts';
import { writingTo } from '../../run/run-folder.ts';
import type { Order } from '../../run/schedule.ts';
import type { LabContext } from '../context.ts';
import { parseCount, parseNames, parsePositiveCount, parseSeconds } from '../parse.ts';
import { progressPrinter } from '../progress-printer.ts';
import { publishResult } from '../publish-result.ts';
import { newRun, resumedRun } from '../resolve-run.ts';
import { runUrl } from '../run-url.ts';

/** Flags of `c1m run`; what is left out is planned or has the site's default. */
export interface RunFlags {
  readonly local?: boolean;
  readonly url?: string;
  readonly servers?: readonly string[];
  readonly connections?: number;
  readonly broadcasts?: number;
  readonly interval?: number;
  readonly echoRate?: number;
  readonly echoSeconds?: number;
  readonly connectRate?: number;
  readonly memory?: MemoryPresetName;
  readonly serverProcesses?: number;
  readonly loadProcesses?: number;
  readonly repeats?: number;
  readonly order?: Order;
  readonly out: string;
  readonly resume?: string;
}

/** `c1m run`: measures servers, one after the other, and reports. */
export const runCommand = buildCommand<RunFlags, [], LabContext>({
  docs: {
    brief: 'Measure servers and compare them',
    fullDescription:
      'Starts the Benchmark document for each server, shows how it goes, fetches the raw files, and writes DIR/<run-id>/ with result.json and report.html. Exit codes: 0 ok, 2 usage, 3 environment, 4 run failed, 5 target not reached, 6 result invalid, 130 interrupted.',
  },
  parameters: {
    flags: {
      local: { kind: 'boolean', optional: true, withNegated: false, brief: 'On hosts of this machine, without AWS' },
      url: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'ws://host:port/',
        brief: 'A server that listens already, measured from this machine with the load generator alone',
      },
      servers: {
        kind: 'parsed',
        parse: parseNames,
        optional: true,
        placeholder: 'a,b',
        brief: 'Names, or folders such as ./mine [default = every one that can be built]',
      },
      connections: {
        kind: 'parsed',
        parse: parsePositiveCount,
        optional: true,
        placeholder: 'N',
        brief: 'Connections, such as 10000, 10k or 1.2M',
      },
      broadcasts: {
        kind: 'parsed',
        parse: parseCount,
        optional: true,
        placeholder: 'K',
        brief: 'Broadcasts to every connection',
      },
      interval: {
        kind: 'parsed',
        parse: parseSeconds,
        optional: true,
        placeholder: 'S',
        brief: 'Seconds between broadcasts',
      },
      echoRate: {
        kind: 'parsed',
        parse: parseCount,
        optional: true,
        placeholder: 'R',
        brief: 'Echoed messages a second; 0 leaves the echo out',
      },
      echoSeconds: {
        kind: 'parsed',
        parse: parseSeconds,
        optional: true,
        placeholder: 'S',
        brief: 'For how long messages are echoed',
      },
      connectRate: {
        kind: 'parsed',
        parse: parsePositiveCount,
        optional: true,
        placeholder: 'R',
        brief: 'Connections opened a second',
      },
      memory: { kind: 'enum', values: memoryPresetNames, optional: true, brief: 'Memory flags of the servers' },
      serverProcesses: {
        kind: 'parsed',
        parse: parsePositiveCount,
        optional: true,
        placeholder: 'P',
        brief: 'Server processes [default = as many as N needs]',
      },
      loadProcesses: {
        kind: 'parsed',
        parse: parsePositiveCount,
        optional: true,
        placeholder: 'P',
        brief: 'Load processes a host [default = as many as N needs]',
      },
      repeats: {
        kind: 'parsed',
        parse: parsePositiveCount,
        optional: true,
        placeholder: 'n',
        brief: 'How many times each server is measured [default = 1]',
      },
      order: {
        kind: 'enum',
        values: ['given', 'random'],
        optional: true,
        brief: 'given: every round as named; random: each round shuffled [default = given]',
      },
      out: {
        kind: 'parsed',
        parse: String,
        default: 'results',
        placeholder: 'DIR',
        brief: 'Where DIR/<run-id>/ is written',
      },
      resume: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'run-id',
        brief: 'Go on with an interrupted run, as it was asked for at first',
      },
    },
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
