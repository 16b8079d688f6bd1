import { buildCommand } from '@stricli/core';
import type { Lab } from '../../config/lab.ts';
import { chooseLab } from '../../config/lab-file.ts';
import type { LabContext } from '../context.ts';
import { accountFlagParameters, type AccountFlags } from '../flags/lab-flags.ts';

/** Flags of `c1m cost`. */
export interface CostFlags extends AccountFlags {
  readonly offline?: boolean;
}

/** `c1m cost`: what a lab costs, the deployed one or, before a deploy, the one of the lab file. */
export const costCommand = buildCommand<CostFlags, [], LabContext>({
  docs: {
    brief: 'Show what the lab costs per hour, and has cost since its launch',
    fullDescription:
      'Finds the hosts, disks and addresses of the lab by its tag. Before a deploy it shows what the lab of the lab file would cost. --offline uses list prices of us-east-1 from a table. Exit codes: 0 ok, 2 usage, 3 environment.',
  },
  parameters: {
    flags: {
      ...accountFlagParameters,
      offline: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: "Use prices from the lab's own table",
      },
    },
  },
  async func(flags) {
    const { lab } = chooseLab(flags, this.workingFolder);
    const lines = flags.offline === true ? await offlineCost(lab, flags.region) : await accountCost(lab, flags, this);
    this.process.stdout.write(`${lines.join('\n')}\n`);
  },
});

// EC2's client takes a fifth of a second to load: only commands that ask it do.
async function offlineCost(lab: Lab, region: string | undefined): Promise<readonly string[]> {
  const { describeLabPrice } = await import('../../aws/cost/describe-cost.ts');
  const { tablePrices } = await import('../../aws/cost/price-book.ts');
  const { priceTableRegion } = await import('../../aws/cost/price-table.ts');
  return describeLabPrice(lab, tablePrices(region ?? priceTableRegion));
}

async function accountCost(lab: Lab, flags: CostFlags, context: LabContext): Promise<readonly string[]> {
  const { connectAws } = await import('../../aws/account/aws-access.ts');
  const { costInAccount } = await import('../../aws/cost/cost-in-account.ts');
  return costInAccount(await connectAws(context.aws, flags.region), lab, context.now());
}
