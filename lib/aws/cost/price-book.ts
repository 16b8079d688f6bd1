import { unavailable, ok, type Result } from '../account/result.ts';
import { listedDiskGibMonth, listedInstanceHour, priceTableRegion, priceTableSource } from './price-table.ts';

/** A price in dollars, and where it is from and of what day. */
export interface Price {
  readonly dollars: number;
  readonly source: string;
}

/** What things cost in one region. */
export interface PriceBook {
  readonly region: string;
  /** An hour of an instance type on demand, by type. */
  readonly onDemandHour: (instanceType: string) => Result<Price>;
  /** An hour of an instance type as spot, by type. */
  readonly spotHour: (instanceType: string) => Result<Price>;
  /** A GiB of gp3 disk for a month. */
  readonly diskGibMonth: Result<Price>;
}

/** The prices that can be told without asking anybody: on demand, in one region. */
export function tablePrices(region: string): PriceBook {
  const elsewhere = unavailable<Price>(`the lab's own price table holds ${priceTableRegion} only`);
  return {
    region,
    onDemandHour: (instanceType) => {
      if (region !== priceTableRegion) return elsewhere;
      const dollars = listedInstanceHour(instanceType);
      return dollars === undefined
        ? unavailable(`the lab's own price table does not hold ${instanceType}`)
        : ok({ dollars, source: priceTableSource });
    },
    spotHour: () => unavailable('spot prices change all the time and were not asked for'),
    diskGibMonth:
      region === priceTableRegion ? ok({ dollars: listedDiskGibMonth, source: 'Amazon EBS pricing' }) : elsewhere,
  };
}
