import { ok, type Result } from '../account/result.ts';
import type { BilledHost } from './billed-hosts.ts';
import type { PriceBook } from './price-book.ts';
import { monitoringHour, publicAddressHour } from './price-table.ts';

/** Dollars an hour of a running host with its public address and its monitoring; spot at the price of now. */
export function hourOfHost(host: BilledHost, prices: PriceBook): Result<number> {
  const hour = host.purchase === 'spot' ? prices.spotHour(host.instanceType) : prices.onDemandHour(host.instanceType);
  if (!hour.ok) return hour;
  return ok(
    hour.value.dollars + (host.hasPublicAddress ? publicAddressHour : 0) + (host.monitored ? monitoringHour : 0),
  );
}
