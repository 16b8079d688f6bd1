import { buildCommand } from '@stricli/core';
import { chooseLab } from '../../config/lab-file.ts';
import { commandGrants, grantedCommands, type GrantedCommand } from '../../policy/grants.ts';
import { grantsTable } from '../../policy/grants-table.ts';
import { partitionOf, policyDocument } from '../../policy/policy-document.ts';
import type { LabContext } from '../context.ts';
import { placeFlagParameters, type PlaceFlags } from '../flags/lab-flags.ts';

/** Flags of `c1m policy`. */
export interface PolicyFlags extends PlaceFlags {
  readonly command?: GrantedCommand;
  readonly table?: boolean;
}

/** `c1m policy`: what who uses `c1m` must be allowed, for an administrator. */
export const policyCommand = buildCommand<PolicyFlags, [], LabContext>({
  docs: {
    brief: 'Print the IAM policy that users of c1m need, for all commands or one',
    fullDescription:
      'A least-privilege policy as JSON, generated from the table in lib/policy/grants.ts. Works offline: account and, without --region, region are *. Exit codes: 0 ok, 2 usage.',
  },
  parameters: {
    flags: {
      ...placeFlagParameters,
      command: { kind: 'enum', values: grantedCommands, optional: true, brief: 'For this command only' },
      table: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Print a Markdown table: each action with the commands that need it',
      },
    },
  },
  func(flags) {
    const { stdout } = this.process;
    if (flags.table === true) {
      stdout.write(`${grantsTable()}\n`);
      return;
    }
    const { lab } = chooseLab(flags, this.workingFolder);
    const grants = (flags.command === undefined ? grantedCommands : [flags.command]).flatMap(
      (command) => commandGrants[command],
    );
    const region = flags.region ?? '*';
    const scope = { labName: lab.name, partition: partitionOf(region), region, account: '*' };
    stdout.write(`${JSON.stringify(policyDocument(grants, scope), null, 2)}\n`);
  },
});
