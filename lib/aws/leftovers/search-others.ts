import { GetBucketTaggingCommand, paginateListBuckets, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { paginateDescribeParameters, paginateListDocuments, type SSMClient } from '@aws-sdk/client-ssm';
import { understandFailure } from '../account/service-failure.ts';
import type { Leftover, LeftoverCost, Search } from './leftover.ts';
import { search } from './search-ec2.ts';

/** A lab's documents and parameters. */
export async function searchSsm(ssm: SSMClient, labName: string): Promise<readonly Search[]> {
  return Promise.all([
    search('SSM document', false, 'ssm:ListDocuments', async () => {
      const found: Leftover[] = [];
      const own = [{ Key: 'Owner', Values: ['Self'] }];
      for await (const { DocumentIdentifiers = [] } of paginateListDocuments({ client: ssm }, { Filters: own })) {
        for (const { Name = '', Tags = [], CreatedDate = null } of DocumentIdentifiers) {
          const isTagged = Tags.some(({ Key, Value }) => Key === 'c1mlab:lab' && Value === labName);
          if (!isTagged && !Name.startsWith(`${labName}-`)) continue;
          found.push({ what: 'SSM document', id: Name, since: CreatedDate, cost: { kind: 'free' }, note: '' });
        }
      }
      return found;
    }),
    search('SSM parameter', false, 'ssm:DescribeParameters', async () => {
      const found: Leftover[] = [];
      const filters = [{ Key: 'Name', Option: 'Equals', Values: [`/c1mlab/${labName}`] }];
      for await (const { Parameters = [] } of paginateDescribeParameters(
        { client: ssm },
        { ParameterFilters: filters },
      )) {
        for (const { Name = '', LastModifiedDate = null } of Parameters) {
          found.push({ what: 'SSM parameter', id: Name, since: LastModifiedDate, cost: { kind: 'free' }, note: '' });
        }
      }
      return found;
    }),
  ]);
}

/** A lab's bucket in this region: by the beginning of its name, which CloudFormation gave it, and by its tag. */
export async function searchS3(s3: S3Client, labName: string, region: string): Promise<Search> {
  return search('bucket', true, 's3:ListAllMyBuckets', async () => {
    const found: Leftover[] = [];
    // CloudFormation cuts a long stack's name in the bucket's: what is left of it at least is looked for.
    const prefix = `${labName.toLowerCase()}-`.slice(0, 16);
    for await (const { Buckets = [] } of paginateListBuckets({ client: s3, pageSize: 1000 }, {})) {
      for (const { Name = '', CreationDate = null, BucketRegion = region } of Buckets) {
        if (!Name.startsWith(prefix) || BucketRegion !== region) continue;
        const tag = await labTagOf(s3, Name);
        if (tag !== labName && tag !== null) continue;
        const { cost, note } = await contentOf(s3, Name);
        found.push({
          what: 'bucket',
          id: Name,
          since: CreationDate,
          cost,
          note: tag === null ? `${note}; its tags cannot be read` : note,
        });
      }
    }
    return found;
  });
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

async function contentOf(s3: S3Client, bucket: string): Promise<{ cost: LeftoverCost; note: string }> {
  try {
    let [bytes, objects] = [0, 0];
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket })) {
      objects += Contents.length;
      for (const { Size = 0 } of Contents) bytes += Size;
    }
    const note = objects === 0 ? 'empty' : `${objects} objects, ${(bytes / 1e6).toFixed(1)} MB`;
    return { cost: objects === 0 ? { kind: 'free' } : { kind: 'stored', bytes }, note };
  } catch (error) {
    const { text } = understandFailure('s3:ListBucket', error);
    return { cost: { kind: 'unclear', reason: text }, note: 'its content cannot be read' };
  }
}
