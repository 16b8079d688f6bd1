import { buildCommand } from '@stricli/core';
import type { Leftovers } from '../../aws/leftovers/find-leftovers.ts';
import { costsMoney } from '../../aws/leftovers/leftover.ts';
import type { SearchedRegion } from '../../aws/leftovers/search-regions.ts';
import { chooseLab } from '../../config/lab-file.ts';
import { exitCodes, LabError } from '../../config/lab-error.ts';
import type { LabContext } from '../context.ts';
import { accountFlagParameters, type AccountFlags } from '../flags/lab-flags.ts';

/** Flags of `c1m leftovers`. */
export interface LeftoversFlags extends AccountFlags {
  readonly name?: string;
  readonly allRegions?: boolean;
}

/** `c1m leftovers`: what of a lab is still in the account, and what it costs. */
export const leftoversCommand = buildCommand<LeftoversFlags, [], LabContext>({
  docs: {
    brief: 'Show what cdk destroy left of the lab in the account, and what that costs',
    fullDescription:
      "Searches a region, or all of them, by the lab's tag (c1mlab:lab). Exit codes: 0 nothing billable remains, 2 usage, 3 environment: a search failed, 7 something billable remains, 130 interrupted.",
  },
  parameters: {
    flags: {
      ...accountFlagParameters,
      name: {
        kind: 'parsed',
        parse: parseLabName,
        optional: true,
        placeholder: 'NAME',
        brief: 'Name of the lab, instead of --lab',
      },
      allRegions: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Search every region that the account has enabled',
      },
    },
  },
  async func(flags) {
    if (flags.name !== undefined && flags.lab !== undefined) {
      throw new LabError('usage', 'both --name and --lab name a lab', 'give one of them');
    }
    const labName = flags.name ?? chooseLab(flags, this.workingFolder).lab.name;
    this.process.exitCode =
      flags.allRegions === true
        ? await searchAllRegions(labName, flags, this)
        : await searchOneRegion(labName, flags, this);
  },
});

/** Prints what of a lab is left in the region that the flags name; gives the exit code. */
export async function searchOneRegion(labName: string, flags: AccountFlags, context: LabContext): Promise<number> {
  // EC2's client takes a fifth of a second to load: only commands that ask it do.
  const { connectAws } = await import('../../aws/account/aws-access.ts');
  const { findLeftovers } = await import('../../aws/leftovers/find-leftovers.ts');
  const { describeLeftovers, notLookedFor } = await import('../../aws/leftovers/describe-leftovers.ts');
  const leftovers = await findLeftovers(await connectAws(context.aws, flags.region), labName, context.now());
  context.process.stdout.write(`${[...describeLeftovers(labName, leftovers), ...notLookedFor].join('\n')}\n`);
  return exitCodeOf([leftovers]);
}

async function searchAllRegions(labName: string, flags: AccountFlags, context: LabContext): Promise<number> {
  const { connectAws } = await import('../../aws/account/aws-access.ts');
  const { searchRegions } = await import('../../aws/leftovers/search-regions.ts');
  const { describeLeftovers, notLookedFor } = await import('../../aws/leftovers/describe-leftovers.ts');
  const { stdout, stderr } = context.process;
  const searched = await searchRegions(await connectAws(context.aws, flags.region), {
    connect: (region) => connectAws(context.aws, region),
    labName,
    now: context.now(),
    onRegion: (one) => stderr.write(`${one.region}: ${progressOf(one)}\n`),
    signal: context.interrupted,
  });
  const answered = searched.flatMap(({ leftovers }) => (leftovers.ok ? [leftovers.value] : []));
  const empty = answered.filter(({ found, notSearched }) => found.length + notSearched.length === 0);
  const refused = searched.flatMap(({ region, leftovers }) => (leftovers.ok ? [] : [region]));
  const lines = [
    ...answered.filter((one) => !empty.includes(one)).flatMap((one) => [...describeLeftovers(labName, one), '']),
    ...(empty.length === 0
      ? []
      : [`nothing is left of ${labName} in ${empty.length} of ${searched.length} regions searched`]),
    ...(refused.length === 0 ? [] : [`not known: ${refused.join(', ')}, which could not be searched`]),
    ...notLookedFor,
  ];
  stdout.write(`${lines.join('\n')}\n`);
  if (context.interrupted.aborted) return exitCodes.interrupted;
  const exitCode = exitCodeOf(answered);
  return exitCode === exitCodes.ok && refused.length > 0 ? exitCodes.environment : exitCode;
}

function progressOf({ leftovers }: SearchedRegion): string {
  if (!leftovers.ok) return `not known: ${leftovers.reason}`;
  const { found } = leftovers.value;
  return found.length === 0 ? 'nothing' : `${found.length} things`;
}

function exitCodeOf(regions: readonly Leftovers[]): number {
  if (regions.some(({ found }) => found.some(costsMoney))) return exitCodes.leftovers;
  const unsure = regions.some(({ notSearched }) => notSearched.some(({ canCost }) => canCost));
  return unsure ? exitCodes.environment : exitCodes.ok;
}

function parseLabName(input: string): string {
  if (!/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(input)) {
    throw new Error(`expected a lab's name (letters, digits and hyphens, a letter first), got '${input}'`);
  }
  return input;
}
