import type { AwsClients } from '../account/aws-access.ts';
import { known, notKnown, type Known } from '../account/known.ts';
import { needed } from '../account/service-failure.ts';
import { askPrices } from '../cost/ask-prices.ts';
import type { Price, PriceBook } from '../cost/price-book.ts';
import { hoursPerMonth, monitoringHour, publicAddressHour, storedGbMonth } from '../cost/price-table.ts';
import type { LeftoverCost, PricedLeftover, Search } from './leftover.ts';
import { searchEc2 } from './search-ec2.ts';
import { searchS3, searchSsm } from './search-others.ts';
import { readZones } from '../check/zones.ts';

/** What is left of a lab in one region. */
export interface Leftovers {
  readonly region: string;
  /** The dearest first. */
  readonly found: readonly PricedLeftover[];
  /** What could not be looked for. */
  readonly notSearched: readonly { readonly what: string; readonly canCost: boolean; readonly reason: string }[];
}

/** Looks for everything of a lab. Throws LabError `environment` when the account cannot be asked at all. */
export async function findLeftovers(clients: AwsClients, labName: string, now: Date): Promise<Leftovers> {
  // One plain question first: without credentials, or where all is denied, a list of twelve refusals helps nobody.
  await needed('ec2:DescribeAvailabilityZones', () => readZones(clients));
  const searches: readonly Search[] = [
    ...(await searchEc2(clients.ec2, labName)),
    ...(await searchSsm(clients.ssm, labName)),
    await searchS3(clients.s3, labName, clients.region),
  ];
  const found = searches.flatMap((search) => (search.found.known ? search.found.value : []));
  const instanceTypes = found.flatMap(({ cost }) => (cost.kind === 'instance' ? [cost.instanceType] : []));
  const needsPrices = found.some(({ cost }) => cost.kind === 'instance' || cost.kind === 'disk');
  const prices = needsPrices ? await askPrices(clients, { instanceTypes, zone: undefined, now }) : null;
  const priced = found.map((leftover): PricedLeftover => ({ ...leftover, month: monthOf(leftover.cost, prices) }));
  return {
    region: clients.region,
    found: priced.sort((a, b) => weight(b) - weight(a)),
    notSearched: searches.flatMap(({ what, canCost, found: result }) =>
      result.known ? [] : [{ what, canCost, reason: result.reason }],
    ),
  };
}

/** It is billed, or nobody can say that it is not. */
export function costsMoney({ month }: PricedLeftover): boolean {
  return !month.known || month.value > 0;
}

function weight({ month }: PricedLeftover): number {
  return month.known ? month.value : Number.POSITIVE_INFINITY;
}

function monthOf(cost: LeftoverCost, prices: PriceBook | null): Known<number> {
  const noPrice = notKnown<Price>('no price was asked for');
  switch (cost.kind) {
    case 'free':
      return known(0);
    case 'address':
      return known(publicAddressHour * hoursPerMonth);
    case 'stored':
      return known((cost.bytes / 1e9) * storedGbMonth);
    case 'disk': {
      const price = prices?.diskGibMonth ?? noPrice;
      return price.known ? known(cost.gib * price.value.dollars) : price;
    }
    case 'instance': {
      const { instanceType, spot, addresses, monitored } = cost;
      const price = (spot ? prices?.spotHour(instanceType) : prices?.onDemandHour(instanceType)) ?? noPrice;
      if (!price.known) return price;
      const beside = addresses * publicAddressHour + (monitored ? monitoringHour : 0);
      return known((price.value.dollars + beside) * hoursPerMonth);
    }
    case 'unclear':
      return notKnown(cost.reason);
    default:
      return cost satisfies never;
  }
}
