import type { Host } from '../hosts.ts';
import type { Lab } from '../lab.ts';

/** The tag that says how long a host may live from its launch on: an ISO 8601 duration of whole hours, such as `PT24H`. */
export const expiryTag = 'c1mlab:expiry';

/**
 * The tags of everything that belongs to a lab: which lab, who answers for it, and how long a host of it lives at the most. The
 * last is a duration and no time, because a template says the same whenever it is deployed; with the launch of a host it gives
 * the time, see {@link latestEnd}.
 */
export function labTags(lab: Lab): Readonly<Record<string, string>> {
  return {
    'c1mlab:lab': lab.name,
    'c1mlab:owner': lab.owner,
    [expiryTag]: `PT${lab.lifetime.maximumHours}H`,
  };
}

/** The tags by which documents and people find a host: of the lab, of its role in the lab, and of it alone. */
export function hostTags(lab: Lab, host: Host): Readonly<Record<string, string>> {
  return {
    Name: `${lab.name}/${host.name}`,
    'c1mlab:lab': lab.name,
    'c1mlab:role': host.role,
    'c1mlab:host': `${lab.name}/${host.name}`,
    'c1mlab:target': `${lab.name}/${host.role}`,
  };
}

/** When a host is terminated from outside at the latest: its launch and what its expiry tag says. Null when the tag says nothing. */
export function latestEnd(launched: Date, expiry: string | undefined): Date | null {
  const hours = /^PT(\d{1,4})H$/.exec(expiry ?? '')?.[1];
  return hours === undefined ? null : new Date(launched.getTime() + Number(hours) * 3_600_000);
}
