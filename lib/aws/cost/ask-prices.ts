import { paginateDescribeSpotPriceHistory, type DescribeSpotPriceHistoryRequest } from '@aws-sdk/client-ec2';
import { GetProductsCommand, type Filter } from '@aws-sdk/client-pricing';
import * as v from 'valibot';
import type { AwsClients } from '../account/aws-access.ts';
import { ok, unavailable, type Result } from '../account/result.ts';
import { tryCall } from '../account/service-failure.ts';
import { tablePrices, type Price, type PriceBook } from './price-book.ts';

/** What prices are wanted for. */
export interface PriceQuestion {
  readonly instanceTypes: readonly string[];
  /** The zone, by name, whose spot prices are meant; undefined: the dearest zone's. */
  readonly zone: string | undefined;
  /** The time of the question. */
  readonly now: Date;
}

/**
 * Asks AWS what things cost: the Pricing API for list prices, EC2 for spot. Where a service does not answer, a list price is
 * taken from the lab's own table (us-east-1), and its source says so; otherwise it is not known.
 */
export async function askPrices(clients: AwsClients, question: PriceQuestion): Promise<PriceBook> {
  const table = tablePrices(clients.region);
  const types = [...new Set(question.instanceTypes)];
  const [onDemand, spot, disk] = await Promise.all([
    Promise.all(types.map(async (type) => [type, await askInstanceHour(clients, type)] as const)),
    askSpotHours(clients, types, question),
    askDiskGibMonth(clients),
  ]);
  const onDemandHours = new Map(onDemand);
  return {
    region: clients.region,
    onDemandHour: (type) =>
      orElse(onDemandHours.get(type) ?? unavailable('it was not asked for'), table.onDemandHour(type)),
    spotHour: (type) => (spot.ok ? (spot.value.get(type) ?? unavailable(`EC2 has no spot price of ${type}`)) : spot),
    diskGibMonth: orElse(disk, table.diskGibMonth),
  };
}

/** The first that is known; when neither is, both reasons. */
function orElse(first: Result<Price>, second: Result<Price>): Result<Price> {
  if (first.ok || second.ok) return first.ok ? first : second;
  return unavailable(`${first.reason}; ${second.reason}`);
}

/** The part of a product in the AWS Price List (format aws_v1) that the lab reads. */
const productSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    publicationDate: v.optional(v.string(), 'a day that it does not say'),
    terms: v.object({
      OnDemand: v.optional(
        v.record(
          v.string(),
          v.object({
            priceDimensions: v.record(
              v.string(),
              v.object({ unit: v.string(), pricePerUnit: v.record(v.string(), v.string()) }),
            ),
          }),
        ),
        {},
      ),
    }),
  }),
);

async function askInstanceHour({ pricing, region }: AwsClients, instanceType: string): Promise<Result<Price>> {
  return askListPrice(pricing, 'Hrs', {
    regionCode: region,
    instanceType,
    operatingSystem: 'Linux',
    preInstalledSw: 'NA',
    tenancy: 'Shared',
    capacitystatus: 'Used',
  });
}

async function askDiskGibMonth({ pricing, region }: AwsClients): Promise<Result<Price>> {
  return askListPrice(pricing, 'GB-Mo', { regionCode: region, productFamily: 'Storage', volumeApiName: 'gp3' });
}

async function askListPrice(
  pricing: AwsClients['pricing'],
  unit: string,
  attributes: Readonly<Record<string, string>>,
): Promise<Result<Price>> {
  const filters = Object.entries(attributes).map(([Field, Value]): Filter => ({ Type: 'TERM_MATCH', Field, Value }));
  const answer = await tryCall('pricing:GetProducts', () =>
    pricing.send(new GetProductsCommand({ ServiceCode: 'AmazonEC2', FormatVersion: 'aws_v1', Filters: filters })),
  );
  if (!answer.ok) return answer;
  // The client gives each product as an object that stands for a text.
  const products: readonly unknown[] = answer.value.PriceList ?? [];
  const prices = products.flatMap((product) => {
    const parsed = v.safeParse(productSchema, String(product));
    if (!parsed.success) return [];
    const { publicationDate, terms } = parsed.output;
    return Object.values(terms.OnDemand)
      .flatMap(({ priceDimensions }) => Object.values(priceDimensions))
      .filter((dimension) => dimension.unit === unit)
      .map(({ pricePerUnit }) => Number(pricePerUnit['USD'] ?? Number.NaN))
      .filter((dollars) => dollars > 0)
      .map((dollars) => ({ dollars, source: `AWS Price List, published ${publicationDate.slice(0, 10)}` }));
  });
  const [first, ...others] = prices;
  const what = attributes['instanceType'] ?? attributes['volumeApiName'] ?? '';
  if (first === undefined)
    return unavailable(`the AWS Price List has no price of ${what} in ${attributes['regionCode']}`);
  if (others.some(({ dollars }) => dollars !== first.dollars)) {
    return unavailable(`the AWS Price List has several prices of ${what} in ${attributes['regionCode']}`);
  }
  return ok(first);
}

/** Spot prices now, in dollars an hour: of the zone, or of the dearest zone when none is given. */
async function askSpotHours(
  { ec2 }: AwsClients,
  types: readonly string[],
  { zone, now }: PriceQuestion,
): Promise<Result<ReadonlyMap<string, Result<Price>>>> {
  return tryCall('ec2:DescribeSpotPriceHistory', async () => {
    const prices = new Map<string, Result<Price>>();
    const pages = paginateDescribeSpotPriceHistory(
      { client: ec2 },
      {
        InstanceTypes: types.map((type) => type as NonNullable<SpotRequest['InstanceTypes']>[number]),
        ProductDescriptions: ['Linux/UNIX'],
        StartTime: now,
        ...(zone === undefined ? {} : { AvailabilityZone: zone }),
      },
    );
    for await (const { SpotPriceHistory = [] } of pages) {
      for (const { InstanceType = '', SpotPrice = '', AvailabilityZone = '', Timestamp } of SpotPriceHistory) {
        const dollars = Number(SpotPrice);
        const before = prices.get(InstanceType);
        if (!(dollars > 0) || (before?.ok === true && before.value.dollars >= dollars)) continue;
        const since =
          Timestamp === undefined ? '' : ` since ${Timestamp.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
        prices.set(InstanceType, ok({ dollars, source: `EC2's spot price in ${AvailabilityZone}${since}` }));
      }
    }
    return prices;
  });
}

type SpotRequest = DescribeSpotPriceHistoryRequest;
