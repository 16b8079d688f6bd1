import type { AwsClients } from '../account/aws-access.ts';
import { ok } from '../account/result.ts';
import { readStack } from '../account/read-stack.ts';
import { tryCall } from '../account/service-failure.ts';
import type { Leftover, Search } from './leftover.ts';
import { searchBucket } from './search-bucket.ts';
import { searchEc2 } from './search-tags.ts';

/** What is left of a lab in one region. */
export interface Leftovers {
  readonly region: string;
  /** The dearest first. */
  readonly found: readonly Leftover[];
  /** What could not be looked for. */
  readonly notSearched: readonly { readonly what: string; readonly canCost: boolean; readonly reason: string }[];
}

/** Looks for everything of a lab in the clients' region. Throws LabError `environment` when EC2 cannot be asked at all. */
export async function findLeftovers(clients: AwsClients, labName: string, now: Date): Promise<Leftovers> {
  const searches = [
    ...(await searchEc2(clients, labName, now)),
    await searchStack(clients, labName),
    await searchBucket(clients, labName),
  ];
  const found = searches.flatMap((search) => (search.found.ok ? search.found.value : []));
  return {
    region: clients.region,
    found: found.sort((a, b) => weight(b) - weight(a)),
    notSearched: searches.flatMap(({ what, canCost, found: result }) =>
      result.ok ? [] : [{ what, canCost, reason: result.reason }],
    ),
  };
}

/** The stack holds what carries no price: documents, roles, the schedule and the state machine. */
async function searchStack(clients: AwsClients, labName: string): Promise<Search> {
  const found = await tryCall('cloudformation:DescribeStacks', async (): Promise<readonly Leftover[]> => {
    const stack = await readStack(clients, labName);
    if (stack === null) return [];
    const { status, reason, created: since } = stack;
    const note = `${status}${reason === '' ? '' : `: ${reason}`}`;
    return [{ what: 'stack', id: labName, since, month: ok(0), note }];
  });
  return { what: 'stack', canCost: false, found };
}

function weight({ month }: Leftover): number {
  return month.ok ? month.value : Number.POSITIVE_INFINITY;
}
