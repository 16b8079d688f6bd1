import { buildCommand } from '@stricli/core';
import { join, resolve } from 'node:path';
import { parseLab, type Lab } from '../../config/lab.ts';
import { chooseLab } from '../../config/lab-file.ts';
import { LabError } from '../../config/lab-error.ts';
import type { OutsideServer } from '../../local/hosts/outside-servers.ts';
import { makeLocalBackend } from '../../local/local-backend.ts';
import { readRunRecord } from '../../run/run-folder.ts';
import type { ChosenServer } from '../../run/run.ts';
import type { LabBackend } from '../../run/lab-backend.ts';
import type { LabContext } from '../context.ts';
import { openDeployedLab } from '../deployed/deployed-lab.ts';
import { flagWords } from '../flags/lab-flags.ts';
import { inRegionOfRun } from '../deployed/region-of-run.ts';
import { performRun } from '../run/perform-run.ts';
import { newRun, resumedRun } from '../run/resolve-run.ts';
import { flagWord } from '../flags/parse.ts';
import { runFlagParameters, type RunFlags } from '../flags/run-flags.ts';
import { urlFlagNames } from '../flags/url-flags.ts';
import { runUrl } from '../run/run-url.ts';

/** `c1m run`: measures servers, one after the other, and reports. */
export const runCommand = buildCommand<RunFlags, [], LabContext>({
  docs: {
    brief: 'Measure servers and compare them',
    fullDescription:
      'Starts the Benchmark document for each server, shows its progress, fetches the raw files, and writes DIR/<run-id>/ with result.json and report.html. On AWS the run continues without this command: the first Ctrl-C detaches, c1m attach reattaches. Exit codes: 0 ok, 2 usage, 3 environment, 4 run failed, 5 target not reached, 6 result invalid, 130 interrupted.',
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
    refuseUrlFlags(flags);
    if (flags.local === true) refuseFlagsWithoutEffect(flags);
    const resolved =
      flags.resume === undefined ? newRun(flags, out, this) : await resumedRun(flags.resume, flags, out, this);
    const backend =
      flags.local === true
        ? await makeLocalBackend(await localLab(flags, out, this), outsideServersOf(resolved.servers))
        : await openAws(
            flags.resume === undefined ? flags : await inRegionOfRun(flags, out, flags.resume),
            resolved.servers,
            this,
          );
    try {
      this.process.exitCode = await performRun(backend, resolved.complete(backend), this);
    } finally {
      await backend.close();
    }
  },
});

/** Throws LabError `usage` for flags that say how connections to a URL are made where there is none. */
function refuseUrlFlags(flags: RunFlags): void {
  const given = urlFlagNames.filter((name) => flags[name as keyof RunFlags] !== undefined);
  if (given.length === 0) return;
  const words = given.map(flagWord);
  throw new LabError(
    'usage',
    `${words.join(', ')} can only be given with --url: the lab decides how to connect to its own servers`,
    'remove it, or give --url',
  );
}

/** Throws LabError `usage` for flags that would be without effect on this machine. */
function refuseFlagsWithoutEffect(flags: RunFlags): void {
  if (flags.region !== undefined) {
    throw new LabError(
      'usage',
      '--region cannot be given with --local: it names the region of a deployed lab',
      'remove that flag; or remove --local to measure on AWS',
    );
  }
  if (flags.lab !== undefined && flags.resume !== undefined) {
    throw new LabError(
      'usage',
      '--lab cannot be given with --local --resume: a run keeps its original lab',
      'remove that flag, or start a new run',
    );
  }
}

/** The lab that is made on this machine: the one that the flags name, or the one that a resumed run began with. */
async function localLab(flags: RunFlags, out: string, context: LabContext): Promise<Lab> {
  if (flags.resume === undefined) return chooseLab(flags, context.workingFolder).lab;
  const folder = join(out, flags.resume);
  return parseLab((await readRunRecord(folder)).lab, join(folder, 'run.json'));
}

/** The deployed lab. Its hosts have what was deployed, so that a server from elsewhere cannot be measured there. */
async function openAws(flags: RunFlags, servers: readonly ChosenServer[], context: LabContext): Promise<LabBackend> {
  const outside = servers.find(({ outsideFolder }) => outsideFolder !== null);
  if (outside !== undefined) {
    const { name } = outside.description;
    throw new LabError(
      'usage',
      `the hosts on AWS have only the servers in assets/servers, and ${name} is in ${outside.outsideFolder}`,
      `copy the folder to assets/servers/${name}, then c1m up --yes${flagWords(flags)}; or measure it with --local`,
    );
  }
  return openDeployedLab(flags, context);
}

function outsideServersOf(servers: readonly ChosenServer[]): readonly OutsideServer[] {
  return servers.flatMap(({ description: { name }, outsideFolder }) =>
    outsideFolder === null ? [] : [{ name, folder: outsideFolder }],
  );
}
