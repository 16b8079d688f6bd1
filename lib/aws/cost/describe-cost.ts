import type { Lab } from '../../config/lab.ts';
import { textTable } from '../../text/text-table.ts';
import { costSoFar, hoursSince } from './cost-so-far.ts';
import { billedNow, type BilledLab } from './billed-hosts.ts';
import { billedOf, billOf, hourOf, notBilled, type BillLine } from './lab-price.ts';
import type { PriceBook } from './price-book.ts';

/** Dollars with as many decimals as make sense: $1.68, $0.0092. */
export function dollars(amount: number): string {
  if (amount > 0 && amount < 0.0001) return 'less than $0.0001';
  return `$${amount.toFixed(amount !== 0 && Math.abs(amount) < 0.1 ? 4 : 2)}`;
}

/** A bill of an hour as lines of text, the sum last. */
function describeBill(lines: readonly BillLine[]): readonly string[] {
  const sum = hourOf(lines);
  const rows = lines.map(({ what, count, hour }) => [
    String(count),
    what,
    hour.ok ? `${dollars(count * hour.value.dollars)}/h` : `not known: ${hour.reason}`,
  ]);
  const sources = new Set(lines.flatMap(({ hour }) => (hour.ok ? [hour.value.source] : [])));
  return [
    ...textTable(rows, ['right', 'left', lines.every(({ hour }) => hour.ok) ? 'right' : 'left']),
    sum.ok ? `together ${dollars(sum.value)} an hour` : `together not known: ${sum.reason}`,
    `prices from ${[...sources].join('; ')}`,
  ];
}

/** What a lab that is not deployed would cost, in lines of text. */
export function describeLabPrice(lab: Lab, prices: PriceBook): readonly string[] {
  const bill = billOf(billedOf(lab), prices);
  const hour = hourOf(bill);
  const { hours, maximumHours } = lab.lifetime;
  return [
    `${lab.name} in ${prices.region} would cost:`,
    ...describeBill(bill),
    ...(hour.ok
      ? [
          `${dollars(hour.value * hours)} for its lifetime of ${hours} h without a run, and at most ${dollars(hour.value * maximumHours)} if runs renew it until the maximum of ${maximumHours} h`,
        ]
      : []),
    ...notBilled,
  ];
}

/** What a deployed lab costs and has cost, in lines of text. */
export function describeDeployedCost(
  labName: string,
  deployed: BilledLab,
  prices: PriceBook,
  now: Date,
): readonly string[] {
  const hosts = deployed.hosts.map(({ name, instanceType, purchase, state, launched, instanceId }) => [
    name,
    instanceType,
    purchase,
    state,
    `${hoursSince(launched, now).toFixed(1)} h`,
    instanceId,
  ]);
  const sum = costSoFar(deployed, prices, now);
  return [
    `${labName} in ${prices.region}:`,
    ...textTable(hosts, ['left', 'left', 'left', 'left', 'right', 'left']),
    '',
    ...describeBill(billOf(billedNow(deployed), prices)),
    sum.ok
      ? `so far ${dollars(sum.value)}: what is there now, since each host and disk was made${deployed.hosts.some(({ purchase }) => purchase === 'spot') ? ', spot at the price of now' : ''}`
      : `so far not known: ${sum.reason}`,
    ...notBilled,
  ];
}
