import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { instance, instances, product, readyAccount } from './account.ts';
import { ec2Error, ec2Xml, fakeAws, items, jsonError, type Responder } from './fake-aws.ts';
import { runC1m, type Outcome } from './run-c1m.ts';

const folder = mkdtempSync(join(tmpdir(), 'c1mlab-cost-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function cost(changes: Readonly<Record<string, Responder>>, ...words: readonly string[]): Promise<Outcome> {
  return runC1m(['cost', ...words], fakeAws({ ...readyAccount, ...changes }));
}

const named = (name: string): Record<string, string> => ({
  tagSet: `<item><key>Name</key><value>${name}</value></item>`,
  ipAddress: '198.51.100.7',
  monitoring: '<state>enabled</state>',
});

const deployed: Responder = (_parameters, before) =>
  before === 0
    ? instances([instance('i-1', 'c3.4xlarge', named('C1mLab/server'))], 'more')
    : instances([instance('i-2', 'c3.2xlarge', named('C1mLab/load-1'))]);

const disks: Responder = () =>
  ec2Xml(
    'DescribeVolumes',
    items('volumeSet', [{ volumeId: 'vol-1', size: '73', status: 'in-use', createTime: '2026-11-22T10:00:00.000Z' }]),
  );

describe('c1m cost', () => {
  test('says before a deploy what the lab would cost, with prices of the day', async () => {
    const { exitCode, stdout } = await cost({});
    assert.match(stdout, /^C1mLab is not deployed in us-east-1\.$/m);
    assert.match(stdout, /^ *2 +c3\.2xlarge, on-demand +\$0\.84\/h$/m);
    assert.match(stdout, /^together \$1\.71 an hour$/m);
    assert.match(stdout, /^prices from AWS Price List, published 2026-11-20; /m);
    assert.equal(exitCode, 0);
  });

  test('adds up what a deployed lab has cost since each host was launched', async () => {
    const { stdout } = await cost({ 'ec2:DescribeInstances': deployed, 'ec2:DescribeVolumes': disks });
    assert.match(stdout, /^C1mLab\/server +c3\.4xlarge +on-demand +running +2\.0 h +i-1$/m);
    // 0.84 + 0.42 + 2 x (0.005 + 2.1 / 730) + 73 x 0.08 / 730 = 1.2838 an hour, for two hours.
    assert.match(stdout, /^together \$1\.28 an hour$/m);
    assert.match(stdout, /^so far \$2\.57: /m);
  });

  test('takes the spot price of the zone for a spot host', async () => {
    const { stdout } = await cost({
      'ec2:DescribeInstances': () => instances([instance('i-1', 'c3.4xlarge', { instanceLifecycle: 'spot' })]),
      'ec2:DescribeSpotPriceHistory': (parameters) =>
        ec2Xml(
          'DescribeSpotPriceHistory',
          items('spotPriceHistorySet', [
            {
              instanceType: 'c3.4xlarge',
              spotPrice: '0.25',
              availabilityZone: String(parameters['AvailabilityZone']),
              timestamp: '2026-11-22T09:00:00.000Z',
            },
          ]),
        ),
    });
    assert.match(stdout, /^1 +c3\.4xlarge, spot +\$0\.25\/h$/m);
    assert.match(stdout, /EC2's spot price in us-east-1a since 2026-11-22 09:00 UTC/);
    assert.match(stdout, /^so far \$0\.50: .* spot at the price of now$/m);
  });

  test('falls back to its own table, and says of what day that is', async () => {
    const { stdout } = await cost({ 'pricing:GetProducts': () => jsonError(400, 'AccessDeniedException', 'no') });
    assert.match(stdout, /^together \$1\.71 an hour$/m);
    assert.match(stdout, /the lab's table of us-east-1, Linux, on demand, 2026-07-20/);
  });

  test('says "not known" where the table does not reach, and of several prices that differ', async () => {
    const denied = { 'pricing:GetProducts': () => jsonError(400, 'AccessDeniedException', 'no') };
    const elsewhere = await cost(denied, '--region', 'eu-west-1');
    assert.match(
      elsewhere.stdout,
      /^together not known: the price of c3\.4xlarge, on-demand: access denied to pricing:GetProducts/m,
    );
    const two = JSON.stringify({ PriceList: [product('0.84'), product('0.85')] });
    const unsure = await cost({ 'pricing:GetProducts': () => two }, '--region', 'eu-west-1');
    assert.match(unsure.stdout, /several prices of c3\.4xlarge in eu-west-1/);
  });

  test('counts endpoints in place of public addresses where the hosts have none', async () => {
    const file = join(folder, 'lab.json');
    writeFileSync(file, JSON.stringify({ network: { egress: 'endpoints' } }));
    const { stdout } = await cost({}, '--lab', file);
    assert.match(stdout, /^ *2 +interface VPC endpoints +\$0\.0200\/h$/m);
    assert.doesNotMatch(stdout, /public IPv4/);
    const endpoint = {
      vpcEndpointType: 'Interface',
      state: 'available',
      creationTimestamp: '2026-11-22T10:00:00.000Z',
    };
    const there = await cost({
      'ec2:DescribeInstances': () => instances([instance('i-1', 'c3.4xlarge')]),
      'ec2:DescribeVpcEndpoints': () => ec2Xml('DescribeVpcEndpoints', items('vpcEndpointSet', [endpoint, endpoint])),
    });
    // 0.84 + 2 x 0.01 an hour, for two hours.
    assert.match(there.stdout, /^so far \$1\.72: /m);
  });

  test('asks nobody with --offline', async () => {
    const aws = fakeAws({});
    const { stdout } = await runC1m(['cost', '--offline', '--preset', 'modern'], aws);
    assert.match(stdout, /^ *1 +c8i\.4xlarge, on-demand +\$0\.75\/h$/m);
    assert.deepEqual(aws.calls, []);
  });

  test('stands in docs/aws.md as it is printed', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/aws.md'), 'utf8');
    const { stdout } = await runC1m(['cost', '--offline'], fakeAws({}));
    for (const line of stdout.split('\n')) assert.ok(page.includes(line), `docs/aws.md lacks: ${line}`);
  });

  test('fails in two lines without the right to see instances', async () => {
    const { exitCode, stderr } = await cost({
      'ec2:DescribeInstances': () => ec2Error(403, 'UnauthorizedOperation', 'You are not authorized.'),
    });
    assert.match(stderr, /^error: access denied to ec2:DescribeInstances.*\n {2}fix: /);
    assert.equal(exitCode, 3);
  });
});
