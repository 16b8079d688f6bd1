import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { LabError } from '../../config/lab-error.ts';
import type { AwsClients } from '../account/aws-access.ts';
import { ok, unavailable, type Result } from '../account/result.ts';
import { callOrThrow } from '../account/service-failure.ts';
import { findLeftovers, type Leftovers } from './find-leftovers.ts';

/** How many regions are searched at once. */
const concurrentRegions = 6;

/** What was found in one region, or why it could not be searched. */
export interface SearchedRegion {
  readonly region: string;
  readonly leftovers: Result<Leftovers>;
}

/** How all regions are searched. */
export interface RegionSearch {
  /** Clients for one region. */
  readonly connect: (region: string) => Promise<AwsClients>;
  readonly labName: string;
  readonly now: Date;
  /** Called with each region when it has been searched, in any order. */
  readonly onRegion: (searched: SearchedRegion) => void;
  /** No further region is begun when aborted. */
  readonly signal: AbortSignal;
}

/**
 * Looks for everything of a lab in every region that the account has enabled, in the order of their names. A region that refuses is
 * one that is not known. Throws LabError `environment` when EC2 does not say which regions there are.
 */
export async function searchRegions(home: AwsClients, search: RegionSearch): Promise<readonly SearchedRegion[]> {
  const { connect, labName, now, onRegion, signal } = search;
  // Without AllRegions only those are listed that the account may use.
  const { Regions = [] } = await callOrThrow('ec2:DescribeRegions', () =>
    home.ec2.send(new DescribeRegionsCommand({})),
  );
  const waiting = Regions.map(({ RegionName = '' }) => RegionName)
    .sort()
    .values();
  const searched: SearchedRegion[] = [];
  const worker = async (): Promise<void> => {
    for (const region of waiting) {
      if (signal.aborted) return;
      const one = { region, leftovers: await searchRegion(await connect(region), labName, now) };
      searched.push(one);
      onRegion(one);
    }
  };
  await Promise.all(Array.from({ length: concurrentRegions }, worker));
  return searched.sort((a, b) => (a.region < b.region ? -1 : 1));
}

async function searchRegion(clients: AwsClients, labName: string, now: Date): Promise<Result<Leftovers>> {
  try {
    return ok(await findLeftovers(clients, labName, now));
  } catch (error) {
    if (error instanceof LabError) return unavailable(error.message);
    throw error;
  }
}
