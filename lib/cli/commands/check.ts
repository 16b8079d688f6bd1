import { buildCommand } from '@stricli/core';
import type { Finding } from '../../aws/check/finding.ts';
import { chooseLab, writeZone } from '../../config/lab-file.ts';
import { exitCodes, LabError } from '../../config/lab-error.ts';
import { textTable } from '../../text/text-table.ts';
import type { LabContext } from '../context.ts';
import { accountFlagParameters, type AccountFlags } from '../flags/lab-flags.ts';

/** Flags of `c1m check`. */
export interface CheckFlags extends AccountFlags {
  readonly write?: boolean;
}

/** `c1m check`: whether the account can have the lab, before a deploy. */
export const checkCommand = buildCommand<CheckFlags, [], LabContext>({
  docs: {
    brief: 'Check before a deploy whether the account can run the lab, and where',
    fullDescription:
      'Checks credentials, zones that offer the instance types, quotas, limits of the types, and the price. With --write it writes the zone it found into the lab file. What a service does not answer is "not known", never "ok". Exit codes: 0 nothing failed, 2 usage, 3 environment: something failed.',
  },
  parameters: {
    flags: {
      ...accountFlagParameters,
      write: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Write the zone into the lab file (network.availabilityZone)',
      },
    },
  },
  async func(flags) {
    const { lab, file } = chooseLab(flags, this.workingFolder);
    if (flags.write === true && file === null) {
      throw new LabError(
        'usage',
        '--write needs a lab file to write the zone into',
        'give one with --lab FILE ({} is the default lab), or deploy with -c zone=ZONE',
      );
    }
    // EC2's client takes a fifth of a second to load: only commands that ask it do.
    const { connectAws } = await import('../../aws/account/aws-access.ts');
    const { checkAccount } = await import('../../aws/check/check-account.ts');
    const clients = await connectAws(this.aws, flags.region);
    const options = { now: this.now(), willNameZone: flags.write === true };
    const { findings, zone } = await checkAccount(clients, lab, options);
    this.process.stdout.write(`${describeFindings(findings).join('\n')}\n`);

    const named = lab.network.availabilityZone;
    if (flags.write === true && file !== null && zone !== null && zone.name !== named) {
      writeZone(file, zone.name);
      this.process.stdout.write(`${file}: network.availabilityZone is now ${zone.name}\n`);
    } else if (zone !== null && zone.name !== named) {
      const write = file === null ? '' : ` (--write puts it into ${file})`;
      this.process.stdout.write(
        `deploy with -c zone=${zone.name}${write}: else CloudFormation takes a zone of its own choice, whatever it offers\n`,
      );
    }
    const failed = findings.filter(({ state }) => state === 'failed');
    if (failed.length > 0) this.process.exitCode = exitCodes.environment;
  },
});

/** Findings as lines of a table, a fix below what failed. */
export function describeFindings(findings: readonly Finding[]): readonly string[] {
  const rows = findings.flatMap(({ check, state, text, fix }) => [
    [state, check, text],
    ...(fix === undefined ? [] : [['', '', `fix: ${fix}`]]),
  ]);
  return textTable(rows, ['left', 'left', 'left']);
}
