import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { exitCodes } from '../../lib/config/lab-error.ts';
import { labOf } from '../../lib/config/presets.ts';
import { quotaOf, readyAccount } from './account.ts';
import { fakeAws, jsonError, stackXml, type Responder } from './fake-aws.ts';
import { runC1m, type Outcome } from './run-c1m.ts';
import { deployedAccount, runningNow } from '../policy/deployed-account.ts';
import { deployedLab } from './backend/fake-account.ts';

const folder = mkdtempSync(join(tmpdir(), 'c1mlab-up-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** In place of the CDK command line: a program that notes how it was called. `deploy` fails when FAIL says so. */
const cdkProgram = join(folder, 'cdk.cjs');
const calls = join(folder, 'calls');
writeFileSync(
  cdkProgram,
  `require('node:fs').appendFileSync(${JSON.stringify(calls)}, process.argv.slice(2).join(' ') + ' in ' + process.env.AWS_REGION + '\\n');
   console.log('this is cdk');
   process.exit(process.argv[2] === 'destroy' && process.argv.includes('lab=${join(folder, 'failing.json')}') ? 1 : 0);`,
);

async function c1m(
  words: readonly string[],
  changes: Readonly<Record<string, Responder>>,
  interrupted = new AbortController().signal,
): Promise<Outcome & { readonly cdk: readonly string[]; readonly calls: readonly string[] }> {
  writeFileSync(calls, '');
  const aws = fakeAws({ ...readyAccount, 'ssm:GetParameter': bootstrapped('21'), ...changes });
  const outcome = await runC1m(words, aws, folder, { cdkProgram, interrupted });
  return { ...outcome, cdk: readFileSync(calls, 'utf8').trim().split('\n'), calls: aws.calls };
}

const bootstrapped =
  (version: string, deployed?: object): Responder =>
  ({ Name: name }) => {
    if (name === '/cdk-bootstrap/hnb659fds/version') return JSON.stringify({ Parameter: { Value: version } });
    if (deployed === undefined) return jsonError(400, 'ParameterNotFound', '');
    return JSON.stringify({ Parameter: { Value: JSON.stringify(deployed) } });
  };
const stack =
  (...statuses: readonly string[]): Responder =>
  (_parameters, before) =>
    stackXml(statuses[Math.min(before, statuses.length - 1)] ?? '');
const output = ` --output ${join(folder, 'cdk.out')} --no-notices in us-east-1`;

describe('c1m up', () => {
  test('deploys to the first zone that suits, and bootstraps what is not, or too old', async () => {
    const { exitCode, cdk, stdout, stderr } = await c1m(['up', '--yes'], { 'ssm:GetParameter': bootstrapped('5') });
    assert.deepEqual(cdk, [
      `bootstrap -c zone=us-east-1a${output}`,
      `deploy C1mLab --method direct --require-approval never -c zone=us-east-1a${output}`,
    ]);
    assert.match(stdout, /^this is cdk$/m);
    assert.match(stderr, /^step 2 of 2: deploy the stack C1mLab$/m);
    assert.equal(exitCode, 0);
  });

  test('runs nothing without --yes, nor where the check fails', async () => {
    const planned = await c1m(['up'], {});
    assert.match(planned.stdout, /^to do: deploy the stack C1mLab\nnothing is deployed yet; c1m up --yes does it$/m);
    assert.deepEqual([planned.cdk, planned.exitCode], [[''], 0]);
    const failed = await c1m(['up', '--yes'], { 'quotas:GetServiceQuota': () => quotaOf(5) });
    assert.match(failed.stdout, /^nothing is deployed: correct what failed/m);
    assert.deepEqual([failed.cdk, failed.exitCode], [[''], exitCodes.environment]);
  });

  test('leaves a lab that is there in its zone, also where its own hosts fill the quota', async () => {
    const lab = labOf({ network: { availabilityZone: 'us-east-1c' } }, 'test');
    const { cdk, exitCode } = await c1m(['up', '--yes'], {
      'quotas:GetServiceQuota': () => quotaOf(5),
      'cloudformation:DescribeStacks': stack('CREATE_COMPLETE'),
      'ssm:GetParameter': bootstrapped('21', deployedLab(lab)),
    });
    assert.deepEqual(cdk, [`deploy C1mLab --method direct --require-approval never -c zone=us-east-1c${output}`]);
    assert.equal(exitCode, 0);
  });

  test('waits for what an interrupted one has begun', async () => {
    const { stderr, exitCode } = await c1m(['up', '--yes'], {
      'cloudformation:DescribeStacks': stack('CREATE_IN_PROGRESS', 'CREATE_COMPLETE'),
    });
    assert.match(
      stderr,
      /^step 1 of 2: wait until CloudFormation has finished CREATE_IN_PROGRESS\nstep 2 of 2: deploy/m,
    );
    assert.equal(exitCode, 0);
  });

  test('sends to c1m down where a stack could not be deleted', async () => {
    writeFileSync(join(folder, 'lab.json'), '{}');
    const { stderr, exitCode } = await c1m(['up', '--yes', '--lab', 'lab.json', '--region', 'eu-west-1'], {
      'cloudformation:DescribeStacks': () => stackXml('DELETE_FAILED', 'The bucket is not empty'),
    });
    assert.match(
      stderr,
      /^error: the stack C1mLab could not be deleted the last time: The bucket is not empty\n {2}fix: c1m down --yes --lab lab\.json --region eu-west-1 /,
    );
    assert.equal(exitCode, exitCodes.environment);
  });

  test('does no step more when interrupted, and says where it stands', async () => {
    const { cdk, stderr, exitCode } = await c1m(['up', '--yes'], {}, AbortSignal.abort());
    assert.deepEqual(cdk, ['']);
    assert.match(
      stderr,
      /^interrupted at step 1 of 1 \(deploy the stack C1mLab\): .*\nc1m up --yes continues from there$/m,
    );
    assert.equal(exitCode, exitCodes.interrupted);
  });
});

describe('c1m down', () => {
  const deployed = {
    'cloudformation:DescribeStacks': stack('CREATE_COMPLETE'),
    'ssm:GetParameter': bootstrapped('21', deployedLab(labOf({}, 'test'))),
    's3:ListObjectsV2': () =>
      '<ListBucketResult><KeyCount>1</KeyCount><Contents><Key>runs/1</Key><Size>2</Size></Contents></ListBucketResult>',
  };

  test('only says what it would do without --yes', async () => {
    const { stdout, cdk, exitCode, calls: asked } = await c1m(['down'], deployed);
    assert.match(
      stdout,
      /^to do in us-east-1:\n {2}delete the 1 file in c1mlab-results-test .*\n {2}destroy the stack C1mLab\nnothing is done yet; c1m down --yes does it\n$/,
    );
    assert.deepEqual([cdk, exitCode], [[''], 0]);
    assert.ok(!asked.includes('s3:DeleteObjects'));
  });

  test('empties, destroys and looks for leftovers', async () => {
    const { stdout, cdk, exitCode, calls: asked } = await c1m(['down', '--yes'], deployed);
    assert.deepEqual(cdk, [`destroy C1mLab --force${output}`]);
    assert.ok(asked.includes('s3:DeleteObjects'));
    // The stack is what this account still shows.
    assert.match(stdout, /^1 things are left of C1mLab in us-east-1; none costs money$/m);
    assert.equal(exitCode, 0);
  });

  test('cancels what runs and fetches what it measured, before the bucket is emptied', async () => {
    const running = { 'ssm:DescribeAutomationExecutions': runningNow };
    const lab = labOf({}, 'test');
    const { stderr, calls: asked, exitCode } = await c1m(['down', '--yes'], { ...deployedAccount(lab, 2), ...running });
    assert.match(stderr, /^step 1 of 3: cancel the benchmark 01234567-\S+, and fetch what it has measured$/m);
    assert.ok(asked.indexOf('ssm:StopAutomationExecution') < asked.indexOf('s3:GetObject'));
    assert.ok(asked.lastIndexOf('s3:GetObject') < asked.indexOf('s3:DeleteObjects'));
    // This account shows its hosts and its bucket for ever.
    assert.equal(exitCode, exitCodes.leftovers);
    const [runId = ''] = readdirSync(join(folder, 'results'));
    assert.equal(readFileSync(join(folder, 'results', runId, 'raw/node/server/note.txt'), 'utf8'), 'ok');
  });

  test('leaves the bucket of a lab that keeps its results', async () => {
    const lab = labOf({ results: { keep: true } }, 'test');
    const keeping = { ...deployed, 'ssm:GetParameter': bootstrapped('21', deployedLab(lab)) };
    const { calls: asked, stderr } = await c1m(['down', '--yes'], keeping);
    assert.match(stderr, /^step 1 of 1: destroy the stack C1mLab$/m);
    assert.ok(!asked.includes('s3:DeleteObjects'));
  });

  test('says at which step it failed, and what to do', async () => {
    writeFileSync(join(folder, 'failing.json'), '{}');
    const { stderr, exitCode } = await c1m(['down', '--yes', '--lab', 'failing.json'], deployed);
    assert.match(
      stderr,
      /^stopped at step 2 of 2 \(destroy the stack C1mLab\)\nerror: cdk destroy ended with exit code 1\n {2}fix: .*c1m empty --bucket/m,
    );
    assert.equal(exitCode, exitCodes.environment);
  });

  test('looks for leftovers only where there is no stack', async () => {
    const { stdout, cdk, exitCode } = await c1m(['down', '--yes'], {});
    assert.deepEqual([cdk, exitCode], [[''], 0]);
    assert.match(stdout, /^nothing is left of C1mLab in us-east-1$/m);
  });
});
