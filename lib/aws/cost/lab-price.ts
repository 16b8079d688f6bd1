import { hostsOf } from '../../config/hosts.ts';
import type { Lab } from '../../config/lab.ts';
import type { Result } from '../account/result.ts';
import { ok, unavailable } from '../account/result.ts';
import { endpointHour, hoursPerMonth, monitoringHour, publicAddressHour } from './price-table.ts';
import type { Price, PriceBook } from './price-book.ts';

/** One line of a bill: so many things at a price an hour. */
export interface BillLine {
  readonly what: string;
  readonly count: number;
  /** Of one thing. */
  readonly hour: Result<Price>;
}

/** What hosts of one type cost: how many there are, and how they are bought. */
export interface HostGroup {
  readonly instanceType: string;
  readonly purchase: 'on-demand' | 'spot';
  readonly count: number;
}

/** Everything of hosts that AWS bills by the hour. */
export interface Billed {
  readonly hosts: readonly HostGroup[];
  /** Disks together, GiB. */
  readonly diskGib: number;
  readonly publicAddresses: number;
  readonly monitoredHosts: number;
  /** VPC endpoints that are interfaces; gateways are free. */
  readonly interfaceEndpoints: number;
}

/** What a deployed lab of this configuration consists of. */
export function billedOf(lab: Lab): Billed {
  const hosts = hostsOf(lab).length;
  const { purchase, diskGiB } = lab.hosts;
  const { egress, existing } = lab.network;
  const makesEndpoints = egress === 'endpoints' && (existing === undefined || existing.routeTableId !== undefined);
  const groups = [
    { instanceType: lab.server.instanceType, purchase, count: 1 },
    { instanceType: lab.load.instanceType, purchase, count: lab.load.hosts },
  ];
  return {
    hosts: groups,
    diskGib: hosts * diskGiB,
    publicAddresses: egress === 'public' ? hosts : 0,
    monitoredHosts: hosts,
    // Those of SSM and of its message channels (lib/infra/hosts/endpoints.ts), in one zone.
    interfaceEndpoints: makesEndpoints ? 2 : 0,
  };
}

/** The bill of an hour, line by line. */
export function billOf(billed: Billed, prices: PriceBook): readonly BillLine[] {
  const { diskGibMonth } = prices;
  return [
    ...billed.hosts.map(({ instanceType, purchase, count }): BillLine => ({
      what: `${instanceType}, ${purchase}`,
      count,
      hour: purchase === 'spot' ? prices.spotHour(instanceType) : prices.onDemandHour(instanceType),
    })),
    {
      what: 'GiB of gp3 disk',
      count: billed.diskGib,
      hour: diskGibMonth.ok
        ? ok({ ...diskGibMonth.value, dollars: diskGibMonth.value.dollars / hoursPerMonth })
        : diskGibMonth,
    },
    {
      what: 'public IPv4 addresses',
      count: billed.publicAddresses,
      hour: ok({ dollars: publicAddressHour, source: 'Amazon VPC pricing' }),
    },
    {
      what: 'hosts with detailed monitoring',
      count: billed.monitoredHosts,
      hour: ok({ dollars: monitoringHour, source: 'Amazon CloudWatch pricing, 7 metrics' }),
    },
    {
      what: 'interface VPC endpoints',
      count: billed.interfaceEndpoints,
      hour: ok({ dollars: endpointHour, source: 'AWS PrivateLink pricing of us-east-1' }),
    },
  ].filter(({ count }) => count > 0);
}

/** Dollars an hour of a whole bill; not known when a line is not. */
export function hourOf(lines: readonly BillLine[]): Result<number> {
  let sum = 0;
  for (const { what, count, hour } of lines) {
    if (!hour.ok) return unavailable(`the price of ${what}: ${hour.reason}`);
    sum += count * hour.value.dollars;
  }
  return ok(sum);
}

/** What a bill of hours leaves out. */
export const notBilled = [
  'Traffic between the hosts costs nothing: one zone, private addresses.',
  'Not counted: results kept in S3 ($0.023 a GB and month), their download (free up to 100 GB a month, then $0.09 a GB),',
  'the SSM automation steps of a measurement, taxes, and your discounts or free tier.',
] as const;
