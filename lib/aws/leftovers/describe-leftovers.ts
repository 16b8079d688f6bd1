import { textTable } from '../../text/text-table.ts';
import { utcMinute } from '../../text/units.ts';
import { dollars } from '../cost/describe-cost.ts';
import type { Leftovers } from './find-leftovers.ts';
import { costsMoney, type Leftover } from './leftover.ts';

/** How each kind of thing that costs money is got rid of, when `cdk destroy` does not. */
const removals: Readonly<Record<string, string>> = {
  instance: 'aws ec2 terminate-instances --instance-ids ',
  disk: 'aws ec2 delete-volume --volume-id ',
  'elastic address': 'aws ec2 release-address --allocation-id ',
  'spot request': 'aws ec2 cancel-spot-instance-requests --spot-instance-request-ids ',
  'VPC endpoint': 'aws ec2 delete-vpc-endpoints --vpc-endpoint-ids ',
  bucket: 'aws s3 rb --force s3://',
};

/** What is never looked for, and why that is no harm. */
export const notLookedFor = [
  'Not searched separately: documents, roles, schedule and state machine (they are parts of the stack, and cost nothing where no',
  'host runs), and what `cdk bootstrap` made for the whole account (its bucket keeps the assets of each deploy; `cdk gc` empties it).',
] as const;

/** What is left of a lab in a region, in lines of text. */
export function describeLeftovers(labName: string, leftovers: Leftovers): readonly string[] {
  const { found, notSearched, region } = leftovers;
  const rows = [
    ...found.map((leftover) => [
      leftover.what,
      leftover.id,
      leftover.since === null ? '-' : utcMinute(leftover.since.getTime()),
      monthText(leftover),
      leftover.note,
    ]),
    ...notSearched.map(({ what, reason }) => [what, 'not known', '-', '-', reason]),
  ];
  const costing = found.filter(costsMoney);
  const remove = costing.flatMap(({ what, id }) => {
    const command = removals[what];
    return command === undefined ? [] : [`  ${command}${id} --region ${region}`];
  });
  return [
    ...(rows.length === 0
      ? []
      : textTable([['what', 'id', 'since', 'a month', ''], ...rows], ['left', 'left', 'left', 'right', 'left'])),
    summary(labName, leftovers),
    ...(costing.length === 0 ? [] : ['to end it: c1m down --yes, and for what stays then:', ...remove]),
  ];
}

function monthText({ month }: Leftover): string {
  if (!month.ok) return 'not known';
  if (month.value === 0) return 'free';
  const text = dollars(month.value);
  return text.startsWith('$') ? `about ${text}` : text;
}

function summary(labName: string, { found, notSearched, region }: Leftovers): string {
  const costing = found.filter(costsMoney);
  const sum = costing.reduce((total, { month }) => total + (month.ok ? month.value : 0), 0);
  const unsure = notSearched.filter(({ canCost }) => canCost).map(({ what }) => what);
  if (costing.length > 0) {
    const atLeast = costing.some(({ month }) => !month.ok) || unsure.length > 0 ? 'at least' : 'about';
    return `${costing.length} of ${found.length} things left of ${labName} in ${region} cost money: ${atLeast} ${dollars(sum)} a month`;
  }
  if (unsure.length > 0)
    return `it is not known whether ${labName} still costs money in ${region}: ${unsure.join(', ')} could not be searched`;
  if (found.length > 0) return `${found.length} things are left of ${labName} in ${region}; none costs money`;
  return `nothing is left of ${labName} in ${region}`;
}
