import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ec2Error, ec2Xml, fakeAws, items, type Responder } from './fake-aws.ts';
import { readyAccount } from './account.ts';
import { existingVpc, routeTableId, subnetId, vpcId, type There } from './existing-vpc.ts';
import { runC1m } from './run-c1m.ts';

const folder = mkdtempSync(join(tmpdir(), 'c1mlab-egress-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The lines of `c1m check` on the way out of an existing VPC, and its exit code. */
async function check(there: There, network: Readonly<Record<string, unknown>> = {}, hosts = {}) {
  const { routeTableId: given, ...others } = network;
  const existing = { vpcId, managementSubnetId: subnetId, ...(given === undefined ? {} : { routeTableId: given }) };
  const file = join(mkdtempSync(join(folder, 'lab-')), 'lab.json');
  writeFileSync(file, JSON.stringify({ hosts, network: { availabilityZone: 'us-east-1a', existing, ...others } }));
  const images: Readonly<Record<string, Responder>> = {
    'ec2:DescribeImages': () =>
      ec2Xml(
        'DescribeImages',
        items('imagesSet', [{ imageState: 'available', rootDeviceName: '/dev/xvda', architecture: 'x86_64' }]),
      ),
  };
  const account = fakeAws({ ...readyAccount, ...existingVpc(there), ...images });
  const { stdout, exitCode } = await runC1m(['check', '--lab', file], account, folder);
  return { lines: stdout.split('\n').filter((line) => / way out /.test(line)), exitCode, stdout };
}

describe('c1m check of an existing VPC', () => {
  const image = { image: 'ami-0123456789abcdef0' };

  test('passes a subnet that gives public addresses and has an internet gateway', async () => {
    const { lines, exitCode } = await check({});
    assert.deepEqual(
      lines.map((line) => line.replace(/ +/g, ' ')),
      [
        `ok way out hosts in ${subnetId} get public addresses, and reach out by igw-1`,
        `ok way out names are resolved in ${vpcId}`,
      ],
    );
    assert.equal(exitCode, 0);
  });

  test('fails a subnet whose hosts would get no public address, and says how they would', async () => {
    const { stdout, exitCode } = await check({ mapPublicIp: false });
    assert.match(stdout, /^failed +way out +hosts in subnet-\w+ would get no public address/m);
    assert.match(stdout, /modify-subnet-attribute --map-public-ip-on-launch --subnet-id subnet-/);
    assert.equal(exitCode, 3);
  });

  test('fails a subnet without a default route, or with one that leads nowhere', async () => {
    assert.match(
      (await check({ route: null })).stdout,
      /^failed +way out +rtb-\w+ of subnet-\w+ has no default route/m,
    );
    const gone = await check({ route: { natGatewayId: 'nat-1', state: 'blackhole' } });
    assert.match(gone.stdout, /^failed +way out .* a default route to nat-1, which is gone/m);
  });

  test('reads the main route table where the subnet has none of its own', async () => {
    const { lines } = await check({ ownTable: false });
    assert.match(lines[0] ?? '', /^ok .* reach out by igw-1$/);
  });

  test('wants a NAT gateway for egress by NAT, and takes one for public egress too', async () => {
    const nat = { route: { natGatewayId: 'nat-1' }, mapPublicIp: false };
    assert.match((await check(nat, { egress: 'nat' })).lines[0] ?? '', /^ok .* reach out by nat-1 \(rtb-/);
    assert.match((await check(nat)).lines[0] ?? '', /^ok .* reach out by nat-1 \(rtb-/);
    const { stdout } = await check({}, { egress: 'nat' });
    assert.match(stdout, /^failed +way out .* default route to igw-1, not to a NAT gateway/m);
  });

  test('wants every endpoint for egress by endpoints, unless the lab makes them', async () => {
    const all = ['ssm', 'ssmmessages', 's3'];
    const given = await check({ route: null, endpoints: all }, { egress: 'endpoints' }, image);
    assert.match(given.lines[0] ?? '', /^ok +way out +hosts reach SSM and S3 by the endpoints of vpc-/);
    const some = await check({ route: null, endpoints: ['ssm'] }, { egress: 'endpoints' }, image);
    assert.match(some.stdout, /^failed +way out .* for ssmmessages, s3$/m);
    const made = await check({ route: null }, { egress: 'endpoints', routeTableId }, image);
    assert.match(made.lines[0] ?? '', /^ok +way out +the lab makes endpoints/);
    const beside = await check({ endpoints: all }, { egress: 'endpoints', routeTableId }, image);
    assert.match(beside.stdout, /^failed +way out .* has endpoints of ssm, ssmmessages, s3 already/m);
    const other = await check({}, { egress: 'endpoints', routeTableId: 'rtb-11111111' }, image);
    assert.match(other.stdout, /^failed +way out .* has the route table rtb-\w+, not rtb-11111111$/m);
  });

  test('wants names to be resolved, by Amazon or by a server that the VPC names', async () => {
    const off = { dns: { enableDnsSupport: false, enableDnsHostnames: false } };
    assert.match((await check(off)).stdout, /^failed +way out .* enableDnsSupport off and names no DNS server/m);
    assert.match((await check({ ...off, nameServers: '10.0.0.2' })).lines[1] ?? '', /^ok .* by 10\.0\.0\.2, which/);
    const private_ = { dns: { enableDnsSupport: true, enableDnsHostnames: false } };
    const { stdout } = await check(private_, { egress: 'endpoints', routeTableId }, image);
    assert.match(stdout, /^failed +way out .* enableDnsHostnames off, which the private names/m);
  });

  test('says what it could not ask', async () => {
    const denied = {
      'ec2:DescribeRouteTables': () => ec2Error(403, 'UnauthorizedOperation', 'You are not authorized'),
    };
    const account = fakeAws({ ...readyAccount, ...existingVpc({}), ...denied });
    const file = join(folder, 'denied.json');
    const existing = { vpcId, managementSubnetId: subnetId };
    writeFileSync(file, JSON.stringify({ network: { availabilityZone: 'us-east-1a', existing } }));
    const { stdout } = await runC1m(['check', '--lab', file], account, folder);
    assert.match(stdout, /^not known +way out +.*ec2:DescribeRouteTables/m);
  });
});

describe('c1m check of an image', () => {
  async function checkImage(answer: Responder, hosts: object, network: object = {}) {
    const file = join(mkdtempSync(join(folder, 'lab-')), 'lab.json');
    writeFileSync(file, JSON.stringify({ hosts, network: { availabilityZone: 'us-east-1a', ...network } }));
    const types = ['c3.4xlarge', 'c3.2xlarge'].map((instanceType) => ({
      instanceType,
      processorInfo: '<supportedArchitectures><item>x86_64</item></supportedArchitectures>',
      networkInfo:
        '<maximumNetworkInterfaces>8</maximumNetworkInterfaces><ipv4AddressesPerInterface>30</ipv4AddressesPerInterface>',
    }));
    const account = fakeAws({
      ...readyAccount,
      'ec2:DescribeInstanceTypes': () => ec2Xml('DescribeInstanceTypes', items('instanceTypeSet', types)),
      'ec2:DescribeImages': answer,
    });
    return runC1m(['check', '--lab', file], account, folder);
  }
  const answer = (fields: Readonly<Record<string, string>>): Responder => {
    const found = {
      name: 'mine',
      imageState: 'available',
      rootDeviceName: '/dev/xvda',
      architecture: 'x86_64',
      ...fields,
    };
    return () => ec2Xml('DescribeImages', items('imagesSet', [found]));
  };
  const hosts = { image: 'ami-0123456789abcdef0' };

  test('passes one that is there, for the processor of the types', async () => {
    const { stdout } = await checkImage(answer({}), hosts);
    assert.match(stdout, /^ok +image +ami-0123456789abcdef0 \(mine\) is there, for x86_64$/m);
  });

  test('fails one that is not there, of another processor, or of another system', async () => {
    const missing = await checkImage(() => ec2Error(400, 'InvalidAMIID.NotFound', 'does not exist'), hosts);
    assert.match(missing.stdout, /^failed +image +there is no image ami-\w+ in us-east-1/m);
    const arm = await checkImage(answer({ architecture: 'arm64' }), hosts);
    assert.match(arm.stdout, /^failed +image +.* is for arm64, c3\.4xlarge and c3\.2xlarge is not$/m);
    const other = await checkImage(answer({ rootDeviceName: '/dev/sda1' }), hosts);
    assert.match(other.stdout, /^failed +image +.* starts from \/dev\/sda1/m);
  });

  test('fails hosts that reach nothing to build from, without an image that holds the builds', async () => {
    const { stdout, exitCode } = await checkImage(answer({}), {}, { egress: 'endpoints' });
    assert.match(stdout, /^failed +image +hosts that reach SSM and S3 only can build neither the load generator/m);
    assert.equal(exitCode, 3);
  });
});
