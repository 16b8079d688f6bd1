import { known, type Known } from '../account/known.ts';
import type { BilledHost } from './billed-hosts.ts';
import type { PriceBook } from './price-book.ts';
import { monitoringHour, publicAddressHour } from './price-table.ts';

/** Dollars an hour of a running host with its public address and its monitoring; spot at the price of now. */
export function hourOfHost(host: BilledHost, prices: PriceBook): Known<number> {
  const hour = host.purchase === 'spot' ? prices.spotHour(host.instanceType) : prices.onDemandHour(host.instanceType);
  if (!hour.known) return hour;
  return known(
    hour.value.dollars + (host.hasPublicAddress ? publicAddressHour : 0) + (host.monitored ? monitoringHour : 0),
  );
}
