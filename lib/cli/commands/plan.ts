import { buildCommand } from '@stricli/core';
import { chooseLab } from '../../config/lab-file.ts';
import { LabError } from '../../config/lab-error.ts';
import { describeFigures, describePlan } from '../../scale/describe-plan.ts';
import { figuresOf } from '../../scale/figures.ts';
import { planScale } from '../../scale/plan-scale.ts';
import { tablePrices } from '../../aws/cost/price-book.ts';
import { priceTableRegion, priceTableSource } from '../../aws/cost/price-table.ts';
import type { LabContext } from '../context.ts';
import { labFlagParameters, type LabFlags } from '../flags/lab-flags.ts';
import { parsePositiveCount } from '../flags/parse.ts';
import { knownServers } from '../servers/server-folders.ts';

/** Flags of `c1m plan`. */
export interface PlanFlags extends LabFlags {
  readonly connections?: number;
  readonly server?: string;
}

/** `c1m plan`: what it would take to hold so many connections, by arithmetic. */
export const planCommand = buildCommand<PlanFlags, [], LabContext>({
  docs: {
    brief: 'Calculate what N connections would take: hosts, addresses, memory, quotas, price',
    fullDescription:
      'Calculates from measured figures and lists the source of each; assumptions are marked as such. Works offline. Exit codes: 0 ok, 2 usage.',
  },
  parameters: {
    flags: {
      connections: {
        kind: 'parsed',
        parse: parsePositiveCount,
        optional: true,
        placeholder: 'N',
        brief: 'Connections, such as 1.2M or 10M [default = those of the lab]',
      },
      ...labFlagParameters,
      server: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'NAME',
        brief: 'Server whose memory figures to use [default = netty]',
      },
    },
  },
  func(flags) {
    const name = flags.server ?? 'netty';
    const known = knownServers().map(({ description }) => description);
    const server = known.find((description) => description.name === name);
    if (server === undefined) {
      throw new LabError(
        'usage',
        `there is no server '${name}'`,
        `choose from ${known.map((other) => other.name).join(', ')}`,
      );
    }
    const { lab, input } = chooseLab(flags, this.workingFolder);
    const { preset = 'article', ...settings } = input;
    const connections = flags.connections ?? lab.connections;
    const question = { connections, preset, server, ...(flags.lab === undefined ? {} : { settings }) };
    const prices = tablePrices(priceTableRegion);
    const lines = planScale(question).flatMap((plan) => [...describePlan(plan, prices), '']);
    this.process.stdout.write(
      [
        `${connections} connections to ${name}, hosts of ${flags.lab === undefined ? `the preset ${preset}` : flags.lab}:`,
        '',
        ...lines,
        'Assumptions:',
        ...describeFigures(figuresOf(server)),
        `prices from ${priceTableSource}`,
        '',
      ].join('\n'),
    );
  },
});
