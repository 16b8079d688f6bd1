import { ok, unavailable, type Result } from '../account/result.ts';
import { isBilled, type BilledLab } from './billed-hosts.ts';
import { hourOfHost } from './host-hour.ts';
import { endpointHour, hoursPerMonth } from './price-table.ts';
import type { PriceBook } from './price-book.ts';

/** EC2 bills a second at a time, and at least these (Amazon EC2 on-demand pricing). */
const minimumSeconds = 60;

/**
 * What the hosts and disks that are there now have cost since each was started, in dollars. Spot is taken at the price of now. Hosts
 * that have ended meanwhile are not in it.
 */
export function costSoFar(lab: BilledLab, prices: PriceBook, now: Date): Result<number> {
  let sum = 0;
  for (const host of lab.hosts.filter(isBilled)) {
    const hour = hourOfHost(host, prices);
    if (!hour.ok) return unavailable(`the price of ${host.instanceType}: ${hour.reason}`);
    sum += hoursSince(host.launched, now) * hour.value;
  }
  const { diskGibMonth } = prices;
  if (!diskGibMonth.ok && lab.disks.length > 0) return unavailable(`the price of disks: ${diskGibMonth.reason}`);
  const diskHour = diskGibMonth.ok ? diskGibMonth.value.dollars / hoursPerMonth : 0;
  for (const { gib, created } of lab.disks) sum += hoursSince(created, now) * gib * diskHour;
  for (const { isInterface, created } of lab.endpoints) if (isInterface) sum += hoursSince(created, now) * endpointHour;
  return ok(sum);
}

/** Hours that are billed since a moment. */
export function hoursSince(moment: Date, now: Date): number {
  return Math.max(minimumSeconds, (now.getTime() - moment.getTime()) / 1000) / 3600;
}
