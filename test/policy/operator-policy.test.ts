import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { labOf } from '../../lib/config/presets.ts';
import {
  automationGrants,
  cdkGrants,
  commandGrants,
  grantedCommands,
  type Grant,
  type GrantedCommand,
} from '../../lib/policy/grants.ts';
import { grantsTable } from '../../lib/policy/grants-table.ts';
import { policyDocument, type PolicyDocumentJson } from '../../lib/policy/policy-document.ts';
import { existingVpc, subnetId, vpcId } from '../aws/existing-vpc.ts';
import { ec2Xml, fakeAws, items, jsonError, type FakeRequest, type Responder } from '../aws/fake-aws.ts';
import { runC1m } from '../aws/run-c1m.ts';
import { bucketName } from '../aws/backend/fake-account.ts';
import { changedDocument, deployedAccount, executionId, hostInstances, runningNow } from './deployed-account.ts';
import { allowing, decisionsOf } from './evaluate-policy.ts';

const folder = mkdtempSync(join(tmpdir(), 'c1mlab-policy-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const cdkProgram = join(folder, 'cdk.cjs');
writeFileSync(cdkProgram, '');

const lab = labOf({ lifetime: { hours: 48, maximumHours: 48 } }, 'test');
const unlisted = labOf({ server: { instanceType: 'c7i.4xlarge' } }, 'test');
const existing = join(folder, 'existing.json');
writeFileSync(
  existing,
  JSON.stringify({
    hosts: { image: 'ami-0123456789abcdef0' },
    network: {
      availabilityZone: 'us-east-1a',
      egress: 'endpoints',
      existing: { vpcId, managementSubnetId: subnetId },
    },
  }),
);
const publicVpc = join(folder, 'public.json');
writeFileSync(publicVpc, readFileSync(existing, 'utf8').replace('endpoints', 'public'));
const inExistingVpc = existingVpc({ dns: { enableDnsSupport: false }, nameServers: '10.0.0.2' });
const inTheirVpc = [
  [`--lab ${existing}`, inExistingVpc],
  [`--lab ${publicVpc}`, inExistingVpc],
] as const;
const noQuotaOfItsOwn = { 'quotas:GetServiceQuota': () => jsonError(400, 'NoSuchResourceException', 'none') };
const run = 'run --servers node --connections 100 --echo-rate 0 --broadcasts 1 --interval 1';
const longRun = run.replace('--broadcasts 1 --interval 1', '--broadcasts 700 --interval 60');
/** A host is taken back after the lab was opened. */
const lostHost: Responder = (_parameters, before) => hostInstances(lab, before === 0 ? 'running' : 'shutting-down');

/** Command lines that together make every call that a command can make, with what the account answers otherwise. */
const scenarios: Readonly<
  Record<GrantedCommand, readonly (readonly [words: string, changes?: Readonly<Record<string, Responder>>])[]>
> = {
  check: [['check'], ['check', noQuotaOfItsOwn], ...inTheirVpc.map(([words, vpc]) => [`check ${words}`, vpc] as const)],
  up: [['up --yes'], ['up --yes', noQuotaOfItsOwn], ...inTheirVpc.map(([words, vpc]) => [`up ${words}`, vpc] as const)],
  run: [
    [run],
    [run, { ...deployedAccount(lab, 20), 'ec2:DescribeInstances': lostHost }],
    [run, { 'ssm:GetDocument': changedDocument }],
    [run, deployedAccount(unlisted)],
    [longRun],
  ],
  attach: [
    [`attach ${executionId}`],
    [
      'attach',
      {
        ...deployedAccount(lab, 20),
        'ssm:DescribeAutomationExecutions': runningNow,
        'ec2:DescribeInstances': () => hostInstances(lab, 'shutting-down'),
      },
    ],
    [`attach ${executionId}`, deployedAccount(unlisted)],
  ],
  status: [['status'], ['status', { 'ssm:DescribeAutomationExecutions': runningNow }]],
  cancel: [['cancel', { 'ssm:DescribeAutomationExecutions': runningNow }]],
  fetch: [[`fetch ${executionId}`, deployedAccount(lab, 0)]],
  cost: [['cost']],
  empty: [['empty --yes'], [`empty --yes --bucket ${bucketName}`]],
  down: [['down --yes', { 'ssm:DescribeAutomationExecutions': runningNow }]],
  leftovers: [
    ['leftovers'],
    [
      'leftovers --all-regions',
      { 'ec2:DescribeRegions': () => ec2Xml('DescribeRegions', items('regionInfo', [{ regionName: 'us-east-1' }])) },
    ],
  ],
};

async function policyOf(...words: readonly string[]): Promise<PolicyDocumentJson> {
  const { stdout, exitCode } = await runC1m(['policy', ...words], fakeAws({}));
  assert.equal(exitCode, 0);
  return JSON.parse(stdout) as PolicyDocumentJson;
}

/** Commands that write a folder of results. */
const writing: ReadonlySet<GrantedCommand> = new Set(['run', 'attach', 'cancel', 'fetch']);

/** Every call that a command makes, in all of its scenarios. */
async function callsOf(command: GrantedCommand): Promise<readonly FakeRequest[]> {
  const requests: FakeRequest[] = [];
  for (const [index, [words, changes = {}]] of scenarios[command].entries()) {
    const aws = fakeAws({ ...deployedAccount(lab), ...changes });
    const out = writing.has(command) ? ` --out ${join(folder, `${command}-${index}`)}` : '';
    await runC1m(`${words}${out}`.split(' '), aws, folder, { cdkProgram });
    requests.push(...aws.requests);
  }
  return command === 'attach' ? [...requests, ...(await callsOfRunThatWasLeft())] : requests;
}

/** What `c1m attach` does with a run of two servers that was left while the first was measured: it makes the other one, too. */
async function callsOfRunThatWasLeft(): Promise<readonly FakeRequest[]> {
  const out = join(folder, 'left');
  const left = new AbortController();
  const running = deployedAccount(lab);
  const leaving: Responder = (parameters, before) => {
    left.abort();
    return running['ssm:GetAutomationExecution']?.(parameters, before) ?? '';
  };
  const words = `${longRun.replace('node', 'node,go')} --out ${out}`.split(' ');
  const first = fakeAws({ ...running, 'ssm:GetAutomationExecution': leaving });
  await runC1m(words, first, folder, { interrupted: left.signal });
  const [runId = ''] = readdirSync(out);
  const aws = fakeAws(deployedAccount(lab));
  await runC1m(['attach', runId, '--out', out], aws, folder);
  return aws.requests;
}

/** What AWS calls in the name of the operator, and `c1m` itself does not: an execution, and the CDK. */
const calledByOthers: Readonly<Partial<Record<GrantedCommand, readonly Grant[]>>> = {
  up: cdkGrants,
  run: automationGrants,
  attach: automationGrants,
  down: cdkGrants,
};

const anywhere = { labName: lab.name, partition: 'aws', region: '*', account: '*' };

/** Each action of statements with what it is allowed on. */
function pairsOf(statements: PolicyDocumentJson['Statement']): Set<string> {
  return new Set(
    statements.flatMap(({ Action, Resource }) => Action.map((action) => `${action} on ${Resource.join()}`)),
  );
}

describe("the operator's policy", () => {
  for (const command of grantedCommands) {
    test(`allows c1m ${command} each call that it makes, and nothing else`, { timeout: 120_000 }, async () => {
      const policy = await policyOf('--command', command);
      const used = pairsOf(policyDocument(calledByOthers[command] ?? [], anywhere).Statement);
      for (const request of await callsOf(command)) {
        for (const decision of decisionsOf(request)) {
          const statements = allowing(policy, decision);
          assert.ok(statements.length > 0, `${command}: ${decision.action} on ${decision.resource} is refused`);
          for (const { Resource } of statements) used.add(`${decision.action} on ${Resource.join()}`);
        }
      }
      assert.deepEqual([...pairsOf(policy.Statement)].sort(), [...used].sort());
    });
  }

  test("refuses another lab's documents, hosts, parameter and bucket", async () => {
    const policy = await policyOf();
    const arn = (service: string, resource: string): string => `arn:aws:${service}:us-east-1:123456789012:${resource}`;
    const other = { 'ssm:resourceTag/c1mlab:lab': 'Other' };
    for (const [action, resource, context] of [
      ['ssm:SendCommand', arn('ssm', 'document/AWS-RunShellScript'), {}],
      ['ssm:SendCommand', arn('ssm', 'document/C1mLab-two-Build'), {}],
      ['ssm:SendCommand', arn('ec2', 'instance/i-0'), other],
      ['ssm:SendCommand', arn('ec2', 'instance/i-0'), {}],
      ['ssm:GetParameter', arn('ssm', 'parameter/c1mlab/Other'), {}],
      ['ssm:StartAutomationExecution', arn('ssm', 'automation-definition/AWS-StopEC2Instance:1'), {}],
      ['s3:DeleteObject', 'arn:aws:s3:::somebodys-bucket/x', {}],
      ['iam:PassRole', 'arn:aws:iam::123456789012:role/Admin', { 'iam:PassedToService': 'ssm.amazonaws.com' }],
      [
        'iam:PassRole',
        'arn:aws:iam::123456789012:role/C1mLab-AutomationRole1',
        { 'iam:PassedToService': 'ec2.amazonaws.com' },
      ],
    ] as const) {
      assert.deepEqual(allowing(policy, { action, resource, context }), [], `${action} on ${resource}`);
    }
  });

  test('restricts what AWS can restrict: only actions without resources are allowed on anything', () => {
    const restricted = Object.values(commandGrants)
      .flat()
      .filter(({ on }) => on !== 'anything')
      .map(({ action }) => action);
    for (const { action } of Object.values(commandGrants)
      .flat()
      .filter(({ on }: Grant) => on === 'anything')) {
      assert.ok(!restricted.includes(action), action);
      assert.match(
        action,
        /^(ec2:Describe|pricing:|servicequotas:GetAWSDefault|s3:ListAllMyBuckets|ssm:(Cancel|Describe|GetCommand|List))/,
      );
    }
  });

  test('follows the region into its partition', async () => {
    const policy = await policyOf('--region', 'cn-north-1', '--command', 'status');
    const arns = policy.Statement.flatMap(({ Resource }) => Resource).filter((resource) => resource !== '*');
    assert.ok(arns.length > 5);
    for (const arn of arns) assert.match(arn, /^arn:aws-cn:(ssm|ec2):cn-north-1:\*:/);
  });

  test('is no longer than a managed policy may be, 6 144 characters (IAM quotas)', async () => {
    assert.ok(JSON.stringify(await policyOf()).length < 6144);
  });

  test('stands in docs/aws.md as c1m policy --table prints it', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/aws.md'), 'utf8');
    assert.ok(page.includes(grantsTable()), 'copy the output of c1m policy --table into docs/aws.md');
  });
});
