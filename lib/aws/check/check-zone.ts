import type { Lab } from '../../config/lab.ts';
import type { Result } from '../account/result.ts';
import type { Finding } from './finding.ts';
import { describeZone, type Zone } from './zones.ts';

/** What {@link checkZone} came to. */
export interface ZoneChoice {
  readonly finding: Finding;
  /** The zone to deploy to; null when there is none, or nobody knows. */
  readonly zone: Zone | null;
}

/** What EC2 says of its zones. */
export interface ZoneFacts {
  readonly region: string;
  readonly zones: Result<readonly Zone[]>;
  /** Zone ids by instance type. */
  readonly offerings: Result<ReadonlyMap<string, ReadonlySet<string>>>;
}

const check = 'zone';

/**
 * Whether the lab's zone offers all of its types. A lab that names no zone gets the first one that does, which the caller has
 * to see named in the deploy; `willBeNamed` says that it goes into the lab file, in the place of one that does not fit.
 */
export function checkZone(lab: Lab, facts: ZoneFacts, willBeNamed: boolean): ZoneChoice {
  const { zones, offerings, region } = facts;
  if (!zones.ok) return { finding: { check, state: 'not known', text: zones.reason }, zone: null };
  const wanted = lab.network.availabilityZone;
  const named = zones.value.find(({ name }) => name === wanted);
  if (wanted !== undefined && named === undefined) {
    return failed(
      `there is no zone ${wanted} in ${region} that the account can use`,
      `name one of ${zones.value.map(describeZone).join(', ')}, or give the region it is in with --region`,
    );
  }
  if (!offerings.ok) {
    return { finding: { check, state: 'not known', text: offerings.reason }, zone: named ?? null };
  }
  for (const [type, ids] of offerings.value) {
    if (ids.size === 0) {
      return failed(
        `${type} is not offered in ${region}, in any zone`,
        'take another region (--region), or other types (--preset modern, or instanceType in the lab file)',
      );
    }
  }
  const types = [...offerings.value.keys()].join(' and ');
  const suitable = zones.value.filter(({ id }) => [...offerings.value.values()].every((ids) => ids.has(id)));
  const [first] = suitable;
  if (first === undefined) {
    const each = [...offerings.value].map(([type, ids]) => `${type} only in ${[...ids].sort().join(', ')}`);
    return failed(
      `no zone of ${region} that the account can use offers ${types}: ${each.join('; ')}`,
      'take types of one generation, or another region (--region)',
    );
  }
  if (named !== undefined) {
    if (suitable.includes(named)) {
      return { finding: { check, state: 'ok', text: `${describeZone(named)} offers ${types}` }, zone: named };
    }
    if (!willBeNamed || lab.network.existing !== undefined) {
      return failed(
        `${describeZone(named)} does not offer ${types}`,
        lab.network.existing === undefined
          ? `name another zone: ${suitable.map(describeZone).join(', ')} (-c zone=${first.name}, or --lab FILE --write)`
          : `give a subnet in one of ${suitable.map(describeZone).join(', ')}`,
      );
    }
    const text = `${describeZone(named)} does not offer ${types}; ${describeZone(first)} does`;
    return { finding: { check, state: 'ok', text }, zone: first };
  }
  const everywhere = suitable.length === zones.value.length;
  const where = everywhere ? 'every zone' : `${suitable.map(describeZone).join(', ')} only`;
  return { finding: { check, state: 'ok', text: `${types} are offered in ${where}` }, zone: first };
}

function failed(text: string, fix: string): ZoneChoice {
  return { finding: { check, state: 'failed', text, fix }, zone: null };
}
