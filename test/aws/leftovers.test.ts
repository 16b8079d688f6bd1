import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instance, instances, readyAccount } from './account.ts';
import { ec2Error, ec2Xml, fakeAws, items, stackXml, type FakeAws, type Responder } from './fake-aws.ts';
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

/** EC2's answer to a search by tag. */
function tagged(list: readonly (readonly [type: string, id: string])[], nextToken = ''): string {
  const set = list.map(([resourceType, resourceId]) => ({
    resourceType,
    resourceId,
    key: 'c1mlab:lab',
    value: 'C1mLab',
  }));
  return ec2Xml('DescribeTags', items('tagSet', set) + (nextToken === '' ? '' : `<nextToken>${nextToken}</nextToken>`));
}

const oneInstance = { 'ec2:DescribeTags': () => tagged([['instance', 'i-left']]) };

describe('c1m leftovers', () => {
  test('finds nothing in an account without the lab, by one search by its tag, its stack and its bucket', async () => {
    const aws = account();
    const { exitCode, stdout, stderr } = await runC1m(['leftovers', '--name', 'Other'], aws);
    assert.equal(stderr, '');
    assert.match(stdout, /^nothing is left of Other in us-east-1$/m);
    assert.equal(exitCode, 0);
    assert.deepEqual(aws.calls, ['ec2:DescribeTags', 'cloudformation:DescribeStacks', 's3:ListBuckets']);
    const [tags, stacks, buckets] = aws.requests.map(({ parameters }) => parameters);
    assert.deepEqual([tags?.['Filter.1.Value.1'], tags?.['Filter.2.Value.1']], ['c1mlab:lab', 'Other']);
    assert.deepEqual(
      [stacks?.['StackName'], buckets?.['prefix'], buckets?.['bucket-region']],
      ['Other', 'other-', 'us-east-1'],
    );
  });

  test('fails with 7 for an instance and a disk, on whatever page they are, with what they cost', async () => {
    const pages: Responder = (_parameters, before) =>
      before === 0
        ? instances([], 'more')
        : instances([instance('i-left', 'c3.2xlarge', { ipAddress: '198.51.100.7' })]);
    const { exitCode, stdout } = await leftovers({
      'ec2:DescribeTags': (_parameters, before) =>
        before === 0
          ? tagged([['instance', 'i-gone']], 'more')
          : tagged([
              ['instance', 'i-left'],
              ['volume', 'vol-1'],
            ]),
      'ec2:DescribeInstances': pages,
      'ec2:DescribeVolumes': () => ec2Xml('DescribeVolumes', items('volumeSet', [volume])),
    });
    // (0.42 + 0.005) x 730 and 30 x 0.08.
    assert.match(stdout, /^instance +i-left +2026-11-22 10:00 UTC +about \$310\.25 +c3\.2xlarge, running$/m);
    assert.match(stdout, /^disk +vol-1 +2026-11-22 10:00 UTC +about \$2\.40 +30 GiB$/m);
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
      ...oneInstance,
      'ec2:DescribeInstances': () => instances([expiring('i-left', 'PT24H'), expiring('i-odd', 'tomorrow')]),
    });
    assert.match(stdout, /^instance +i-left .* c3\.2xlarge, running, ends by 2026-11-23 10:00 UTC$/m);
    assert.match(stdout, /^instance +i-odd .* c3\.2xlarge, running$/m);
  });

  test('says of what is free that it is, and ends with 0', async () => {
    const { exitCode, stdout } = await leftovers({
      'ec2:DescribeTags': () =>
        tagged([
          ['vpc', 'vpc-1'],
          ['network-interface', 'eni-2'],
          ['security-group', 'sg-1'],
          ['instance', 'i-ending'],
          ['spot-instances-request', 'sir-closed'],
        ]),
      'ec2:DescribeSpotInstanceRequests': () =>
        ec2Xml(
          'DescribeSpotInstanceRequests',
          items('spotInstanceRequestSet', [{ spotInstanceRequestId: 'sir-closed', state: 'closed' }]),
        ),
      'ec2:DescribeNetworkInterfaces': (parameters) =>
        // EC2 gives a host's own interface no tag: only the VPC leads to it.
        ec2Xml(
          'DescribeNetworkInterfaces',
          parameters['Filter.1.Name'] === 'vpc-id' && parameters['Filter.1.Value.1'] === 'vpc-1'
            ? items('networkInterfaceSet', [
                { networkInterfaceId: 'eni-1', status: 'available' },
                { networkInterfaceId: 'eni-2', status: 'in-use' },
              ])
            : '',
        ),
      'ec2:DescribeInstances': () =>
        instances([instance('i-ending', 'c3.2xlarge', { instanceState: '<name>shutting-down</name>' })]),
      'cloudformation:DescribeStacks': () =>
        stackXml('DELETE_FAILED', 'The following resource(s) failed to delete: [X]'),
    });
    assert.match(stdout, /^VPC +vpc-1 +- +free$/m);
    assert.match(stdout, /^security group +sg-1 +- +free$/m);
    assert.match(stdout, /^network interface +eni-1 +- +free +available$/m);
    assert.match(stdout, /^stack +C1mLab +2026-11-22 10:00 UTC +free +DELETE_FAILED: The following resource/m);
    assert.doesNotMatch(stdout, /sir-closed/);
    assert.match(stdout, /^6 things are left of C1mLab in us-east-1; none costs money$/m);
    assert.equal(exitCode, 0);
  });

  test('counts what it knows nothing of as costing money, and a gateway endpoint as free', async () => {
    const endpoint = (vpcEndpointId: string, vpcEndpointType: string): Record<string, string> => ({
      vpcEndpointId,
      vpcEndpointType,
      serviceName: 'com.amazonaws.us-east-1.ssm',
      creationTimestamp: '2026-11-22T10:00:00.000Z',
      state: 'available',
    });
    const { exitCode, stdout } = await leftovers({
      'ec2:DescribeTags': () =>
        tagged([
          ['natgateway', 'nat-1'],
          ['elastic-ip', 'eipalloc-1'],
          ['vpc-endpoint', 'vpce-1'],
        ]),
      'ec2:DescribeVpcEndpoints': () =>
        ec2Xml(
          'DescribeVpcEndpoints',
          items('vpcEndpointSet', [endpoint('vpce-1', 'Gateway'), endpoint('vpce-2', 'Interface')]),
        ),
    });
    assert.match(stdout, /^NAT gateway +nat-1 +- +not known$/m);
    assert.match(stdout, /^elastic address +eipalloc-1 +- +about \$3\.65$/m);
    assert.match(stdout, /^VPC endpoint +vpce-1 +\S+ \S+ UTC +free /m);
    assert.match(stdout, /^VPC endpoint +vpce-2 +\S+ \S+ UTC +about \$7\.30 /m);
    assert.match(stdout, /^3 of 4 things left of C1mLab in us-east-1 cost money: at least \$10\.95 a month$/m);
    assert.match(stdout, /^ {2}aws ec2 release-address --allocation-id eipalloc-1 --region us-east-1$/m);
    assert.equal(exitCode, 7);
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
      /^bucket +c1mlab-resultsbucket-x1 +2026-11-22 10:00 UTC +about \$0\.0460 +1 object, 2\.00 GB$/m,
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
    const denied = {
      'ec2:DescribeVolumes': () =>
        ec2Error(403, 'UnauthorizedOperation', 'You are not authorized to perform this operation.'),
    };
    const { exitCode, stdout } = await leftovers({ ...oneInstance, ...denied });
    assert.match(stdout, /^instance, disk, VPC endpoint +not known +- +- +access denied to ec2:DescribeVolumes/m);
    assert.match(
      stdout,
      /^it is not known whether C1mLab still costs money in us-east-1: instance, disk, VPC endpoint could not be searched$/m,
    );
    assert.equal(exitCode, 3);
  });

  test('ends with 0, and says so, when it may not look for something free', async () => {
    const { exitCode, stdout } = await leftovers({
      'cloudformation:DescribeStacks': () => ({
        status: 403,
        body: '<ErrorResponse><Error><Code>AccessDenied</Code><Message>You are not authorized.</Message></Error></ErrorResponse>',
      }),
    });
    assert.match(stdout, /^stack +not known .* access denied to cloudformation:DescribeStacks/m);
    assert.equal(exitCode, 0);
  });

  test('fails in two lines in a region where all is denied, instead of finding nothing', async () => {
    const { exitCode, stdout, stderr } = await leftovers({
      'ec2:DescribeTags': () => ec2Error(403, 'UnauthorizedOperation', 'You are not authorized.'),
    });
    assert.match(stderr, /^error: access denied to ec2:DescribeTags.*\n {2}fix: /);
    assert.equal(stdout, '');
    assert.equal(exitCode, 3);
  });

  test('counts what it cannot price as costing money', async () => {
    const { exitCode, stdout } = await leftovers({
      ...oneInstance,
      'ec2:DescribeInstances': () => instances([instance('i-odd', 'u7i-12tb.224xlarge')]),
      'pricing:GetProducts': () => JSON.stringify({ PriceList: [] }),
    });
    assert.match(stdout, /^instance +i-odd .* not known +u7i-12tb\.224xlarge, running$/m);
    assert.match(stdout, /cost money: at least \$0\.00 a month$/m);
    assert.equal(exitCode, 7);
  });

  describe('--all-regions', () => {
    const names = ['us-east-1', 'ap-east-1', 'eu-west-1', 'eu-north-1'];
    const regions = {
      'ec2:DescribeRegions': () =>
        ec2Xml(
          'DescribeRegions',
          items(
            'regionInfo',
            names.map((regionName) => ({ regionName })),
          ),
        ),
    };
    const everywhere = (changes: Readonly<Record<string, Responder>>): Promise<Outcome> =>
      runC1m(['leftovers', '--all-regions'], account({ ...regions, ...changes }));

    test('finds what is left in any region, and names one that refuses without ending there', async () => {
      const { exitCode, stdout, stderr } = await everywhere({
        'ec2:DescribeTags': ({ region }) => {
          if (region === 'ap-east-1') return ec2Error(403, 'UnauthorizedOperation', 'You are not authorized.');
          return tagged(region === 'eu-west-1' ? [['elastic-ip', 'eipalloc-1']] : []);
        },
      });
      assert.match(stderr, /^ap-east-1: not known: access denied to ec2:DescribeTags/m);
      assert.match(stderr, /^eu-north-1: nothing$/m);
      assert.match(stdout, /^1 of 1 things left of C1mLab in eu-west-1 cost money: about \$3\.65 a month$/m);
      assert.match(stdout, /^ {2}aws ec2 release-address --allocation-id eipalloc-1 --region eu-west-1$/m);
      assert.match(stdout, /^nothing is left of C1mLab in 2 of 4 regions searched$/m);
      assert.match(stdout, /^not known: ap-east-1, which could not be searched$/m);
      assert.equal(exitCode, 7);
    });

    test('ends with 3 when nothing was found but a region refused, and with 0 when all answered', async () => {
      const refusing = await everywhere({
        'ec2:DescribeTags': ({ region }) =>
          region === 'ap-east-1' ? ec2Error(403, 'UnauthorizedOperation', 'You are not authorized.') : tagged([]),
      });
      assert.equal(refusing.exitCode, 3);
      const clean = await everywhere({});
      assert.match(clean.stdout, /^nothing is left of C1mLab in 4 of 4 regions searched$/m);
      assert.equal(clean.exitCode, 0);
    });

    test('fails in two lines when EC2 does not say which regions there are', async () => {
      const { exitCode, stderr } = await everywhere({
        'ec2:DescribeRegions': () => ec2Error(403, 'UnauthorizedOperation', 'You are not authorized.'),
      });
      assert.match(stderr, /^error: access denied to ec2:DescribeRegions.*\n {2}fix: /);
      assert.equal(exitCode, 3);
    });
  });
});
