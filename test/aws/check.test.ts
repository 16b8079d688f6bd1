import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ec2Error, ec2Xml, fakeAws, items, jsonError, type Responder } from './fake-aws.ts';
import { instance, instances, offerings, quotaOf, readyAccount } from './account.ts';
import { runC1m, type Outcome } from './run-c1m.ts';

const folder = mkdtempSync(join(tmpdir(), 'c1mlab-check-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function check(changes: Readonly<Record<string, Responder>>, ...words: readonly string[]): Promise<Outcome> {
  return runC1m(['check', ...words], fakeAws({ ...readyAccount, ...changes }), folder);
}

function labFile(text: string): string {
  const file = join(mkdtempSync(join(folder, 'lab-')), 'lab.json');
  writeFileSync(file, text);
  return file;
}

describe('c1m check', () => {
  test('passes an account that can have the lab, and reads every page of the offerings', async () => {
    const file = labFile('{ "network": { "availabilityZone": "us-east-1c" } }');
    const { exitCode, stdout, stderr } = await check({}, '--lab', file);
    assert.equal(stderr, '');
    assert.match(stdout, /^ok +zone +us-east-1c \(use1-az3\) offers c3\.4xlarge and c3\.2xlarge$/m);
    assert.match(stdout, /^ok +vCPU quota +the lab needs 32, the account may run 64 and runs 0 now \(L-1216C47A\)$/m);
    assert.match(stdout, /^ok +price +\$1\.71 an hour, \$6\.85 in the 4 h/m);
    assert.doesNotMatch(stdout, /failed|not known/);
    assert.equal(exitCode, 0);
  });

  test('writes the first zone that offers every type into the lab file, beside what is there', async () => {
    const file = labFile('{\n  "owner": "me",\n  "load": { "hosts": 2 }\n}\n');
    const { exitCode, stdout } = await check({}, '--lab', file, '--write');
    assert.match(stdout, /network\.availabilityZone is now us-east-1a/);
    assert.equal(
      readFileSync(file, 'utf8'),
      '{\n  "owner": "me",\n  "load": {\n    "hosts": 2\n  },\n  "network": {\n    "availabilityZone": "us-east-1a"\n  }\n}\n',
    );
    assert.equal(exitCode, 0);
  });

  test('says which zone to deploy to when the lab names none', async () => {
    const { exitCode, stdout } = await check({});
    assert.match(stdout, /^ok +zone +.* are offered in us-east-1a \(use1-az1\), us-east-1c \(use1-az3\) only$/m);
    assert.match(stdout, /^deploy with -c zone=us-east-1a: /m);
    assert.equal(exitCode, 0);
    const withFile = await check({}, '--lab', labFile('{}'));
    assert.match(withFile.stdout, /^deploy with -c zone=us-east-1a \(--write puts it into .*lab\.json\): /m);
  });

  test('puts a zone that fits in the place of one that does not, if asked to write', async () => {
    const file = labFile('{"network":{"availabilityZone":"us-east-1b"}}');
    const { exitCode } = await check({}, '--lab', file, '--write');
    assert.equal(readFileSync(file, 'utf8'), '{"network":{"availabilityZone":"us-east-1a"}}');
    assert.equal(exitCode, 0);
  });

  test('fails --write without a lab file', async () => {
    const { exitCode, stderr } = await check({}, '--write');
    assert.match(stderr, /^error: --write needs a lab file.*\n {2}fix: .*-c zone=/);
    assert.equal(exitCode, 2);
  });

  test('fails for a zone that does not offer a type, and for one that is not there', async () => {
    const other = await check({}, '--lab', labFile('{"network":{"availabilityZone":"us-east-1b"}}'));
    assert.match(other.stdout, /^failed +zone +us-east-1b \(use1-az2\) does not offer c3\.4xlarge and c3\.2xlarge$/m);
    assert.equal(other.exitCode, 3);
    const none = await check({}, '--lab', labFile('{"network":{"availabilityZone":"eu-west-1a"}}'));
    assert.match(none.stdout, /^failed +zone +there is no zone eu-west-1a in us-east-1/m);
    assert.equal(none.exitCode, 3);
  });

  test('looks at the subnet of an existing VPC, and at the quota of spot for a spot lab', async () => {
    const file = labFile(
      '{"hosts":{"purchase":"spot"},"network":{"availabilityZone":"us-east-1a","existing":{"vpcId":"vpc-0123456789abcdef0","managementSubnetId":"subnet-0123456789abcdef0"}}}',
    );
    const subnet = (zone: string): Readonly<Record<string, Responder>> => ({
      'ec2:DescribeSubnets': () =>
        ec2Xml('DescribeSubnets', items('subnetSet', [{ vpcId: 'vpc-0123456789abcdef0', availabilityZone: zone }])),
      'quotas:GetServiceQuota': (parameters) => quotaOf(parameters['QuotaCode'] === 'L-34B43A08' ? 32 : 1),
    });
    const good = await check(subnet('us-east-1a'), '--lab', file);
    assert.match(
      good.stdout,
      /^ok +existing VPC +subnet-0123456789abcdef0 is in vpc-0123456789abcdef0 and in us-east-1a$/m,
    );
    assert.match(good.stdout, /^ok +spot vCPU quota +the lab needs 32, .*\(L-34B43A08\)$/m);
    assert.match(good.stdout, /^not known +price /m);
    assert.doesNotMatch(good.stdout, /VPC quota/);
    assert.equal(good.exitCode, 0);
    const other = await check(subnet('us-east-1c'), '--lab', file);
    assert.match(
      other.stdout,
      /^failed +existing VPC +subnet-0123456789abcdef0 is in us-east-1c, the lab in us-east-1a$/m,
    );
    const gone = await check(
      { 'ec2:DescribeSubnets': () => ec2Error(400, 'InvalidSubnetID.NotFound', 'The subnet ID does not exist') },
      '--lab',
      file,
    );
    assert.match(gone.stdout, /^failed +existing VPC +there is no subnet subnet-0123456789abcdef0 in us-east-1$/m);
    assert.equal(gone.exitCode, 3);
  });

  test('sees that an existing VPC has room for the load subnet', async () => {
    const file = labFile(
      '{"network":{"availabilityZone":"us-east-1a","existing":{"vpcId":"vpc-0123456789abcdef0","managementSubnetId":"subnet-0123456789abcdef0"}}}',
    );
    const vpc = (block: string, taken: string, lab = ''): Readonly<Record<string, Responder>> => ({
      'ec2:DescribeVpcs': () =>
        ec2Xml(
          'DescribeVpcs',
          items('vpcSet', [
            {
              vpcId: 'vpc-0123456789abcdef0',
              cidrBlockAssociationSet: `<item><cidrBlock>${block}</cidrBlock><cidrBlockState><state>associated</state></cidrBlockState></item>`,
            },
          ]),
        ),
      'ec2:DescribeSubnets': (parameters) =>
        ec2Xml(
          'DescribeSubnets',
          items('subnetSet', [
            {
              subnetId: 'subnet-1',
              vpcId: 'vpc-0123456789abcdef0',
              availabilityZone: 'us-east-1a',
              cidrBlock: parameters['SubnetId.1'] === undefined ? taken : '10.42.0.0/20',
              tagSet: `<item><key>c1mlab:lab</key><value>${lab}</value></item>`,
            },
          ]),
        ),
    });
    const free = await check(vpc('10.42.0.0/16', '10.42.32.0/20'), '--lab', file);
    assert.match(free.stdout, /^ok +existing VPC +10\.42\.16\.0\/20 is free in vpc-0123456789abcdef0$/m);
    const taken = await check(vpc('10.42.0.0/16', '10.42.24.0/24'), '--lab', file);
    assert.match(
      taken.stdout,
      /^failed +existing VPC +10\.42\.16\.0\/20 is taken .* by subnet-1 \(10\.42\.24\.0\/24\)$/m,
    );
    assert.equal(taken.exitCode, 3);
    const own = await check(vpc('10.42.0.0/16', '10.42.16.0/20', 'C1mLab'), '--lab', file);
    assert.match(own.stdout, /^ok +existing VPC +.* this lab's own: destroy it before/m);
    const outside = await check(vpc('10.0.0.0/16', '10.0.0.0/20'), '--lab', file);
    assert.match(
      outside.stdout,
      /^failed +existing VPC +the load subnet 10\.42\.16\.0\/20 is not within .* 10\.0\.0\.0\/16$/m,
    );
  });

  test('fails when a type is offered in no zone', async () => {
    const nowhere = { 'ec2:DescribeInstanceTypeOfferings': () => offerings([['c3.4xlarge', 'use1-az1']]) };
    const { exitCode, stdout } = await check(nowhere);
    assert.match(stdout, /^failed +zone +c3\.2xlarge is not offered in us-east-1, in any zone$/m);
    assert.equal(exitCode, 3);
  });

  test('fails when no one zone offers all types', async () => {
    const apart = {
      'ec2:DescribeInstanceTypeOfferings': () =>
        offerings([
          ['c3.4xlarge', 'use1-az1'],
          ['c3.2xlarge', 'use1-az2'],
        ]),
    };
    const { stdout } = await check(apart);
    assert.match(stdout, /c3\.4xlarge only in use1-az1; c3\.2xlarge only in use1-az2/);
  });

  test('asks EC2 for the vCPUs of a type that is not in its own table', async () => {
    const c7i = {
      instanceType: 'c7i.8xlarge',
      vCpuInfo: '<defaultVCpus>32</defaultVCpus>',
      memoryInfo: '<sizeInMiB>65536</sizeInMiB>',
    };
    const types = JSON.stringify({ server: { instanceType: 'c7i.8xlarge' }, load: { instanceType: 'c7i.8xlarge' } });
    const { stdout } = await check(
      { 'ec2:DescribeInstanceTypes': () => ec2Xml('DescribeInstanceTypes', items('instanceTypeSet', [c7i])) },
      '--lab',
      labFile(types),
    );
    assert.match(stdout, /^failed +vCPU quota +the lab needs 96, the account may run 64 /m);
    const unknown = await check(
      { 'ec2:DescribeInstanceTypes': () => ec2Xml('DescribeInstanceTypes', '') },
      '--lab',
      labFile(types),
    );
    assert.match(unknown.stdout, /^not known +vCPU quota +EC2 does not say how many vCPUs c7i\.8xlarge/m);
  });

  test('fails for a vCPU quota that is too small, with the command that asks for more', async () => {
    const { exitCode, stdout } = await check({ 'quotas:GetServiceQuota': () => quotaOf(5) });
    assert.match(stdout, /^failed +vCPU quota +the lab needs 32, the account may run 5 in us-east-1 \(L-1216C47A\)$/m);
    assert.match(
      stdout,
      /request-service-quota-increase --service-code ec2 --quota-code L-1216C47A --desired-value 32 --region us-east-1/,
    );
    assert.equal(exitCode, 3);
  });

  test('fails when too much runs already, counted over all pages and without spot', async () => {
    const spot = instance('i-3', 'c5.large', { instanceLifecycle: 'spot' });
    const busy: Responder = (_parameters, before) =>
      before === 0
        ? instances([instance('i-1', 'c5.2xlarge'), spot], 'more')
        : instances([instance('i-2', 'c5.2xlarge')]);
    const { stdout } = await check({ 'quotas:GetServiceQuota': () => quotaOf(40), 'ec2:DescribeInstances': busy });
    assert.match(stdout, /^failed +vCPU quota +the lab needs 32, the account may run 40 and runs 16 now/m);
  });

  test('takes the default of AWS for a quota that nobody has raised', async () => {
    const { stdout } = await check({
      'quotas:GetServiceQuota': () => jsonError(400, 'NoSuchResourceException', 'no such quota'),
      'quotas:GetAWSDefaultServiceQuota': () => quotaOf(5),
    });
    assert.match(stdout, /^failed +vCPU quota +the lab needs 32, the account may run 5/m);
    assert.match(stdout, /^ok +VPC quota +0 of 5 VPCs/m);
  });

  test('says "not known", and never ok, of what a service does not answer', async () => {
    const { exitCode, stdout } = await check(
      {
        'quotas:GetServiceQuota': () => jsonError(400, 'AccessDeniedException', 'not authorized to GetServiceQuota'),
        'ec2:DescribeInstanceTypes': () => ({ status: 501, body: '<html>not implemented</html>' }),
        'pricing:GetProducts': () => jsonError(400, 'ThrottlingException', 'Rate exceeded'),
      },
      '--lab',
      labFile('{"network":{"availabilityZone":"us-east-1a"}}'),
    );
    assert.match(stdout, /^not known +vCPU quota +the lab needs 32; access denied to servicequotas:GetServiceQuota/m);
    assert.match(stdout, /^not known +instance types +no answer to ec2:DescribeInstanceTypes: HTTP 501/m);
    assert.match(stdout, /^ok +price +\$1\.71/m);
    assert.equal(exitCode, 0);
  });

  test('fails for a type with too few addresses, and for one that EC2 does not know', async () => {
    const small = {
      instanceType: 'c3.2xlarge',
      networkInfo:
        '<maximumNetworkInterfaces>4</maximumNetworkInterfaces><ipv4AddressesPerInterface>8</ipv4AddressesPerInterface>',
    };
    const few = await check({
      'ec2:DescribeInstanceTypes': () => ec2Xml('DescribeInstanceTypes', items('instanceTypeSet', [small])),
    });
    assert.match(
      few.stdout,
      /^failed +instance types +c3\.2xlarge takes 8 addresses an interface, the load hosts need 11$/m,
    );
    assert.match(few.stdout, /^not known +instance types +EC2 said nothing of c3\.4xlarge$/m);
    const unknown = await check({
      'ec2:DescribeInstanceTypes': () =>
        ec2Error(400, 'InvalidInstanceType', 'The following supplied instance types do not exist: [c3.4xlarge]'),
    });
    assert.match(
      unknown.stdout,
      /^failed +instance types +EC2 in us-east-1 knows one of c3\.4xlarge and c3\.2xlarge not/m,
    );
  });

  for (const [trouble, answer, expected] of [
    [
      'expired credentials',
      ec2Error(400, 'RequestExpired', 'Request has expired.'),
      /the AWS credentials have expired .*\n {2}fix: sign in again/,
    ],
    [
      'bad credentials',
      ec2Error(401, 'AuthFailure', 'AWS was not able to validate the provided access credentials'),
      /no valid AWS credentials .*\n {2}fix: sign in/,
    ],
    [
      'an account that may not ask EC2',
      ec2Error(403, 'UnauthorizedOperation', 'You are not authorized to perform this operation.'),
      /access denied to ec2:DescribeAvailabilityZones: .*\n {2}fix: sign in as somebody who may/,
    ],
    [
      'throttling',
      ec2Error(503, 'RequestLimitExceeded', 'Request limit exceeded.'),
      /AWS throttles the account.*\n {2}fix: wait a minute/,
    ],
    [
      'a region that is not there',
      Object.assign(new Error('getaddrinfo ENOTFOUND ec2.us-east-9.amazonaws.com'), { code: 'ENOTFOUND' }),
      /cannot be reached .*\n {2}fix: check the region's name/,
    ],
  ] as const) {
    test(`fails in two lines for ${trouble}`, async () => {
      const { exitCode, stdout, stderr } = await check({ 'ec2:DescribeAvailabilityZones': () => answer });
      assert.match(stderr, expected);
      assert.equal(stderr.trimEnd().split('\n').length, 2);
      assert.equal(stdout, '');
      assert.equal(exitCode, 3);
    });
  }
});
