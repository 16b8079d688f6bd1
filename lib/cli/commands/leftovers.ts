import { buildCommand } from '@stricli/core';
import { exitCodes, LabError } from '../../config/lab-error.ts';
import { chooseLab } from '../../config/lab-file.ts';
import type { LabContext } from '../context.ts';
import { accountFlagParameters, type AccountFlags } from '../flags/lab-flags.ts';

/** Flags of `c1m leftovers`. */
export interface LeftoversFlags extends AccountFlags {
  readonly name?: string;
}

/** `c1m leftovers`: what of a lab is still in the account, and what it costs. */
export const leftoversCommand = buildCommand<LeftoversFlags, [], LabContext>({
  docs: {
    brief: 'Say after cdk destroy what of the lab is left in the account, and what that costs',
    fullDescription:
      "Searches a region by the lab's tag (c1mlab:lab). Exit codes: 0 nothing that costs money is left, 2 usage, 3 environment: it could not be found out, 7 something that costs money is left.",
  },
  parameters: {
    flags: {
      ...accountFlagParameters,
      name: {
        kind: 'parsed',
        parse: parseLabName,
        optional: true,
        placeholder: 'NAME',
        brief: 'The name of the lab, instead of --lab',
      },
    },
  },
  async func(flags) {
    const { lab } = chooseLab(flags, this.workingFolder);
    if (flags.name !== undefined && flags.lab !== undefined) {
      throw new LabError('usage', 'both --name and --lab say which lab', 'give one of them');
    }
    const labName = flags.name ?? lab.name;
    // EC2's client takes a fifth of a second to load: only commands that ask it do.
    const { connectAws } = await import('../../aws/account/aws-access.ts');
    const { costsMoney, findLeftovers } = await import('../../aws/leftovers/find-leftovers.ts');
    const { describeLeftovers } = await import('../../aws/leftovers/describe-leftovers.ts');
    const leftovers = await findLeftovers(await connectAws(this.aws, flags.region), labName, this.now());
    this.process.stdout.write(`${describeLeftovers(labName, leftovers).join('\n')}\n`);
    if (leftovers.found.some(costsMoney)) this.process.exitCode = exitCodes.leftovers;
    else if (leftovers.notSearched.some(({ canCost }) => canCost)) this.process.exitCode = exitCodes.environment;
  },
});

function parseLabName(input: string): string {
  if (!/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(input)) {
    throw new Error(`expected a lab's name (letters, digits and hyphens, a letter first), got '${input}'`);
  }
  return input;
}
