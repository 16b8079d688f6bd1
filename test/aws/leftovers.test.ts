import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instance, instances, readyAccount } from './account.ts';
import { ec2Error, ec2Xml, fakeAws, items, type FakeAws, type Responder } from './fake-aws.ts';
import { runC1m, type Outcome } from './run-c1m.ts';

function account(changes: Readonly<Record<string, Responder>> = {}): FakeAws {
  return fakeAws({ ...readyAccount, ...changes });
}

function leftovers(changes: Readonly<Record<string, Responder>> = {}): Promise<Outcome> {
  return runC1m(['leftovers'], account(changes));
}

const volume = {
  volumeId: 'vol-1',
  size: '30',
  status: 'available',
  createTime: '2026-11-22T10:00:00.000Z',
};

const bucketXml =
  '<ListAllMyBucketsResult><Buckets><Bucket><Name>c1mlab-resultsbucket-x1</Name><CreationDate>2026-11-22T10:00:00.000Z</CreationDate></Bucket><Bucket><Name>c1mlab-of-somebody-else</Name><CreationDate>2026-11-22T10:00:00.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>';

const taggedC1mLab: Responder = ({ bucket }) =>
  bucket === 'c1mlab-resultsbucket-x1'
    ? '<Tagging><TagSet><Tag><Key>c1mlab:lab</Key><Value>C1mLab</Value></Tag></TagSet></Tagging>'
    : { status: 404, body: '<Error><Code>NoSuchTagSet</Code><Message>The TagSet does not exist</Message></Error>' };

describe('c1m leftovers', () => {
  test('finds nothing in an account without the lab, and asks only with its tag', async () => {
    const asked: unknown[] = [];
    const aws = account({
      'ec2:DescribeVolumes': (parameters) => {
        asked.push(parameters['Filter.1.Name'], parameters['Filter.1.Value.1']);
        return ec2Xml('DescribeVolumes', '');
      },
    });
    const { exitCode, stdout, stderr } = await runC1m(['leftovers', '--name', 'Other'], aws);
    assert.equal(stderr, '');
    assert.match(stdout, /^nothing is left of Other in us-east-1$/m);
    assert.deepEqual(asked, ['tag:c1mlab:lab', 'Other']);
    assert.equal(exitCode, 0);
    for (const action of [
      'Instances',
      'Volumes',
      'NetworkInterfaces',
      'Addresses',
      'Vpcs',
      'Subnets',
      'SecurityGroups',
    ]) {
      assert.ok(aws.calls.includes(`ec2:Describe${action}`), action);
    }
    for (const action of [
      'PlacementGroups',
      'LaunchTemplates',
      'SpotInstanceRequests',
      'RouteTables',
      'InternetGateways',
    ]) {
      assert.ok(aws.calls.includes(`ec2:Describe${action}`), action);
    }
    for (const call of ['ssm:ListDocuments', 'ssm:DescribeParameters', 's3:ListBuckets'])
      assert.ok(aws.calls.includes(call));
  });

  test('fails with 7 for an instance and a disk, on whatever page they are, with what they cost', async () => {
    const pages: Responder = (_parameters, before) =>
      before === 0
        ? instances([instance('i-gone', 'c3.4xlarge', { instanceState: '<name>terminated</name>' })], 'more')
        : instances([instance('i-left', 'c3.2xlarge', { ipAddress: '198.51.100.7' })]);
    const { exitCode, stdout } = await leftovers({
      'ec2:DescribeInstances': pages,
      'ec2:DescribeVolumes': () => ec2Xml('DescribeVolumes', items('volumeSet', [volume])),
    });
    // (0.42 + 0.005) x 730 and 30 x 0.08.
    assert.match(stdout, /^instance +i-left +2026-11-22 10:00 UTC +about \$310\.25 +c3\.2xlarge, running$/m);
    assert.match(stdout, /^disk +vol-1 +2026-11-22 10:00 UTC +about \$2\.40 +30 GiB, available$/m);
    assert.match(stdout, /^2 of 2 things left of C1mLab in us-east-1 cost money: about \$312\.65 a month$/m);
    assert.match(stdout, /^ {2}aws ec2 terminate-instances --instance-ids i-left --region us-east-1$/m);
    assert.doesNotMatch(stdout, /i-gone/);
    assert.equal(exitCode, 7);
  });

  test('says when a host will be ended from outside, where its expiry tag does', async () => {
    const expiring = (id: string, expiry: string): Record<string, string> =>
      instance(id, 'c3.2xlarge', {
        tagSet: `<item><key>c1mlab:expiry</key><value>${expiry}</value></item>`,
      });
    const { stdout } = await leftovers({
      'ec2:DescribeInstances': () => instances([expiring('i-left', 'PT24H'), expiring('i-odd', 'tomorrow')]),
    });
    assert.match(stdout, /^instance +i-left .* c3\.2xlarge, running, ends by 2026-11-23 10:00 UTC$/m);
    assert.match(stdout, /^instance +i-odd .* c3\.2xlarge, running$/m);
  });

  test('says of what is free that it is, and ends with 0', async () => {
    const { exitCode, stdout } = await leftovers({
      'ec2:DescribeVpcs': () => ec2Xml('DescribeVpcs', items('vpcSet', [{ vpcId: 'vpc-1' }])),
      'ec2:DescribeNetworkInterfaces': (parameters) =>
        // EC2 gives a host's own interface no tag: only the VPC leads to it.
        ec2Xml(
          'DescribeNetworkInterfaces',
          parameters['Filter.1.Name'] === 'vpc-id' && parameters['Filter.1.Value.1'] === 'vpc-1'
            ? items('networkInterfaceSet', [{ networkInterfaceId: 'eni-1', status: 'available' }])
            : '',
        ),
      'ec2:DescribeInstances': () =>
        instances([instance('i-ending', 'c3.2xlarge', { instanceState: '<name>shutting-down</name>' })]),
      'ssm:ListDocuments': (_parameters, before) =>
        JSON.stringify(
          before === 0
            ? { DocumentIdentifiers: [{ Name: 'Other-Build' }], NextToken: 'more' }
            : { DocumentIdentifiers: [{ Name: 'C1mLab-Build', CreatedDate: 1_795_340_000 }] },
        ),
    });
    assert.match(stdout, /^network interface +eni-1 +- +free +available$/m);
    assert.match(stdout, /^SSM document +C1mLab-Build +2026-11-\d\d \d\d:\d\d UTC +free$/m);
    assert.doesNotMatch(stdout, /Other-Build/);
    assert.match(stdout, /^4 things are left of C1mLab in us-east-1; none costs money$/m);
    assert.equal(exitCode, 0);
  });

  test('finds the bucket that has the tag, and fails with 7 when something is in it', async () => {
    const { exitCode, stdout } = await leftovers({
      's3:ListBuckets': () => bucketXml,
      's3:GetBucketTagging': taggedC1mLab,
      's3:ListObjectsV2': () =>
        '<ListBucketResult><KeyCount>1</KeyCount><Contents><Key>runs/1</Key><Size>2000000000</Size></Contents></ListBucketResult>',
    });
    assert.match(
      stdout,
      /^bucket +c1mlab-resultsbucket-x1 +2026-11-22 10:00 UTC +about \$0\.0460 +1 objects, 2000\.0 MB$/m,
    );
    assert.doesNotMatch(stdout, /somebody-else/);
    assert.equal(exitCode, 7);
    const empty = await leftovers({ 's3:ListBuckets': () => bucketXml, 's3:GetBucketTagging': taggedC1mLab });
    assert.match(empty.stdout, /^bucket +c1mlab-resultsbucket-x1 .* free +empty$/m);
    assert.equal(empty.exitCode, 0);
  });

  test('finds the bucket of a lab whose long name CloudFormation has cut', async () => {
    const name = 'ALabWithANameThatIsLongerThanABucketMayBe';
    const aws = account({
      's3:ListBuckets': () =>
        bucketXml.replace('c1mlab-resultsbucket-x1', 'alabwithanamethatislonge-resultsbucketa95a2103-x1'),
      's3:GetBucketTagging': () =>
        `<Tagging><TagSet><Tag><Key>c1mlab:lab</Key><Value>${name}</Value></Tag></TagSet></Tagging>`,
    });
    const { stdout } = await runC1m(['leftovers', '--name', name], aws);
    assert.match(stdout, /^bucket +alabwithanamethatislonge-resultsbucketa95a2103-x1 /m);
  });

  test('fails with 3 when it may not look for something that could cost money', async () => {
    const { exitCode, stdout } = await leftovers({
      'ec2:DescribeVolumes': () =>
        ec2Error(403, 'UnauthorizedOperation', 'You are not authorized to perform this operation.'),
    });
    assert.match(stdout, /^disk +not known +- +- +access denied to ec2:DescribeVolumes/m);
    assert.match(
      stdout,
      /^nobody can say whether C1mLab still costs money in us-east-1: disk could not be looked for$/m,
    );
    assert.equal(exitCode, 3);
  });

  test('ends with 0, and says so, when it may not look for something free', async () => {
    const { exitCode, stdout } = await leftovers({
      'ec2:DescribePlacementGroups': () => ec2Error(403, 'UnauthorizedOperation', 'You are not authorized.'),
    });
    assert.match(stdout, /^placement group +not known .* access denied to ec2:DescribePlacementGroups/m);
    assert.equal(exitCode, 0);
  });

  test('fails in two lines in a region where all is denied, instead of finding nothing', async () => {
    const { exitCode, stdout, stderr } = await leftovers({
      'ec2:DescribeAvailabilityZones': () => ec2Error(403, 'UnauthorizedOperation', 'You are not authorized.'),
    });
    assert.match(stderr, /^error: access denied to ec2:DescribeAvailabilityZones.*\n {2}fix: /);
    assert.equal(stdout, '');
    assert.equal(exitCode, 3);
  });

  test('counts what it cannot price as costing money', async () => {
    const { exitCode, stdout } = await leftovers({
      'ec2:DescribeInstances': () => instances([instance('i-odd', 'u7i-12tb.224xlarge')]),
      'pricing:GetProducts': () => JSON.stringify({ PriceList: [] }),
    });
    assert.match(stdout, /^instance +i-odd .* not known +u7i-12tb\.224xlarge, running$/m);
    assert.match(stdout, /cost money: at least \$0\.00 a month$/m);
    assert.equal(exitCode, 7);
  });
});
