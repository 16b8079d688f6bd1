import { GetBucketTaggingCommand, paginateListBuckets, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { bucketPrefix } from '../../config/deployment.ts';
import { counted, withUnit } from '../../text/units.ts';
import type { AwsClients } from '../account/aws-access.ts';
import { ok, unavailable } from '../account/result.ts';
import { tryCall, understandFailure } from '../account/service-failure.ts';
import { storedGbMonth } from '../cost/price-table.ts';
import type { Leftover, Search } from './leftover.ts';

/** A lab's bucket in this region: by the beginning of its name, which CloudFormation gave it, and by its tag. */
export async function searchBucket({ s3, region }: AwsClients, labName: string): Promise<Search> {
  const found = await tryCall('s3:ListAllMyBuckets', async () => {
    const buckets: Leftover[] = [];
    const input = { Prefix: bucketPrefix(labName), BucketRegion: region };
    for await (const { Buckets = [] } of paginateListBuckets({ client: s3, pageSize: 1000 }, input)) {
      for (const { Name: id = '', CreationDate: since = null } of Buckets) {
        const tag = await labTagOf(s3, id);
        if (tag !== labName && tag !== null) continue;
        const { month, note } = await contentOf(s3, id);
        const unread = tag === null ? '; its tags cannot be read' : '';
        buckets.push({ what: 'bucket', id, since, month, note: note + unread });
      }
    }
    return buckets;
  });
  return { what: 'bucket', canCost: true, found };
}

/** A bucket's tag c1mlab:lab; empty when it has none, null when it does not say. */
async function labTagOf(s3: S3Client, bucket: string): Promise<string | null> {
  try {
    const { TagSet = [] } = await s3.send(new GetBucketTaggingCommand({ Bucket: bucket }));
    return TagSet.find(({ Key }) => Key === 'c1mlab:lab')?.Value ?? '';
  } catch (error) {
    return understandFailure('s3:GetBucketTagging', error).code === 'NoSuchTagSet' ? '' : null;
  }
}

async function contentOf(s3: S3Client, bucket: string): Promise<Pick<Leftover, 'month' | 'note'>> {
  try {
    let [bytes, objects] = [0, 0];
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket })) {
      objects += Contents.length;
      for (const { Size = 0 } of Contents) bytes += Size;
    }
    const note = objects === 0 ? 'empty' : `${counted(objects, 'object')}, ${withUnit('bytes', bytes)}`;
    return { month: ok((bytes / 1e9) * storedGbMonth), note };
  } catch (error) {
    const { text } = understandFailure('s3:ListBucket', error);
    return { month: unavailable(text), note: 'its content cannot be read' };
  }
}
