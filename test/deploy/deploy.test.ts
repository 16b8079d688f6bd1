import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GetBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { DescribePlacementGroupsCommand } from '@aws-sdk/client-ec2';
import { hostsOf } from '../../lib/config/hosts.ts';
import { exitCodes } from '../../lib/config/lab-error.ts';
import { labOf } from '../../lib/config/presets.ts';
import { startWith, type LabProcess } from '../integration/lab-process.ts';
import {
  actionsOfRoles,
  clientsOf,
  documentsOfAccount,
  hostsOfLab,
  interfacesOf,
  inventory,
  templateIn,
  type Clients,
} from './deployed-lab.ts';
import { emulatedAws, emulatorPython, runCdk, startEmulator, type Emulator } from './emulator.ts';
import { until } from '../until.ts';

const c1mProgram = join(import.meta.dirname, '../../bin/c1m.ts');
const python = emulatorPython();

/** What the emulator cannot do: run an automation. */
const endOfEmulator = /^error: no answer to ssm:StartAutomationExecution: HTTP 500[^\n]*\n  fix: [^\n]+$/m;

test('fails to make an environment for an endpoint that is not on this machine', () => {
  assert.throws(() => emulatedAws('https://ec2.us-east-1.amazonaws.com', '/tmp'), /the endpoint must be on localhost/);
});

// Each test goes on where the one before it ended, as a person does with one account.
describe(
  'the lab in an account, from c1m up to c1m down (an emulator)',
  'missing' in python ? { skip: python.missing } : {},
  () => {
    const lab = labOf({}, 'test');
    const folder = mkdtempSync(join(tmpdir(), 'c1mlab-deploy-'));
    const output = join(folder, 'cdk.out');
    let emulator: Emulator;
    let clients: Clients;
    let untouched: Awaited<ReturnType<typeof inventory>>;

    before(async () => {
      assert.ok('program' in python);
      emulator = await startEmulator(python.program, join(folder, 'emulator.log'));
      clients = clientsOf(emulator.endpoint);
    });
    after(async () => {
      await emulator.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const cdk = (...words: readonly string[]) => runCdk(emulator.endpoint, folder, ...words);
    /** Starts `c1m` against the emulator, in the folder of the test: there it puts what the CDK synthesizes. */
    function start(...words: readonly string[]): LabProcess {
      const env = emulatedAws(emulator.endpoint, folder);
      return startWith(env, 'env', `--chdir=${folder}`, process.execPath, c1mProgram, ...words);
    }
    /** Runs `c1m` against the emulator; an error must be told in lines, never as a stack. */
    const c1m = (...words: readonly string[]) => ended(start(...words));
    async function ended(run: LabProcess): Promise<{ readonly code: number | null; readonly printed: string }> {
      const { code } = await run.ended;
      const printed = run.stdout() + run.stderr();
      assert.doesNotMatch(printed, /\n {4}at /);
      return { code, printed };
    }
    // Change sets of the emulator have no outputs.
    const deploy = (...words: readonly string[]) =>
      cdk('deploy', 'C1mLab', '--method', 'direct', '--require-approval', 'never', '-c', 'zone=us-east-1a', ...words);

    test('c1m up says what it would do, bootstraps the account, and says where an interruption left it', async () => {
      const { code, printed } = await c1m('up');
      assert.equal(code, exitCodes.ok, printed);
      assert.match(printed, /^to do: bootstrap the CDK [^\n]*, deploy the stack C1mLab\nnothing is deployed yet;/m);
      const run = start('up', '--yes');
      await until('the deploy to begin', () => {
        if (run.child.exitCode !== null) throw new Error(`c1m up ended early: ${run.stderr()}`);
        return run.stderr().includes('\n$ cdk deploy');
      });
      run.child.kill('SIGINT');
      const interrupted = await ended(run);
      assert.equal(interrupted.code, exitCodes.interrupted, interrupted.printed);
      assert.match(interrupted.printed, /^\$ cdk bootstrap -c zone=us-east-1a /m);
      assert.match(
        interrupted.printed,
        /^interrupted at step 2 of 2 \(deploy the stack C1mLab\): .*\nc1m up --yes continues from there$/m,
      );
      untouched = await inventory(clients);
      assert.deepEqual(untouched['hosts'], []);
    });

    test('c1m up continues from there and makes the lab', async () => {
      const { code, printed } = await c1m('up', '--yes');
      assert.equal(code, exitCodes.ok, printed);
      assert.match(printed, /^step 1 of 1: deploy the stack C1mLab$/m);
      assert.match(printed, /ResultsUri = s3:\/\/c1mlab-results\S+\/runs/);
      assert.match(printed, /^C1mLab is deployed in us-east-1, and costs money until c1m down --yes;/m);
      assert.deepEqual([...(await hostsOfLab(clients)).keys()], ['C1mLab/load-1', 'C1mLab/load-2', 'C1mLab/server']);
    });

    test('every host has its type, its rules, and a second interface with all its addresses', async () => {
      const instances = await hostsOfLab(clients);
      const groupName = (await clients.ec2.send(new DescribePlacementGroupsCommand({}))).PlacementGroups?.[0]
        ?.GroupName;
      assert.ok(groupName !== undefined);
      for (const host of hostsOf(lab)) {
        const instance = instances.get(`C1mLab/${host.name}`);
        assert.ok(instance !== undefined);
        assert.equal(instance.InstanceType, host.role === 'server' ? 'c3.4xlarge' : 'c3.2xlarge');
        assert.equal(instance.Placement?.GroupName, groupName);
        assert.equal(instance.MetadataOptions?.HttpTokens, 'required');
        assert.ok(instance.IamInstanceProfile?.Arn?.includes('C1mLab-'));
        const interfaces = await interfacesOf(clients, instance);
        assert.deepEqual(new Set(interfaces.keys()), new Set([0, 1]));
        assert.deepEqual(
          interfaces.get(1)?.PrivateIpAddresses?.map(({ PrivateIpAddress }) => PrivateIpAddress),
          [host.address, ...host.secondaryAddresses],
        );
        const groups = [0, 1].map((index) => interfaces.get(index)?.Groups?.map(({ GroupId }) => GroupId)[0]);
        assert.notEqual(groups[0], groups[1]);
        assert.notEqual(interfaces.get(0)?.SubnetId, interfaces.get(1)?.SubnetId);
      }
    });

    test('the documents in the account equal those in the template', async () => {
      const inTemplate = Object.values(templateIn(output, 'C1mLab').Resources)
        .filter(({ Type }) => Type === 'AWS::SSM::Document')
        .map(({ Properties }) => [Properties?.['Name'], Properties?.['Content']] as const);
      assert.ok(inTemplate.length > 5);
      assert.deepEqual(Object.fromEntries(await documentsOfAccount(clients)), Object.fromEntries(inTemplate));
    });

    test('the roles may do what the lab needs, and hosts cannot send commands', async () => {
      const roles = await actionsOfRoles(clients, 'C1mLab');
      assert.deepEqual([...roles.keys()].sort(), [
        'AutomationRole',
        'HostRole',
        'LifetimeMachineRole',
        'LifetimeScheduleRole',
      ]);
      assert.ok(roles.get('AutomationRole')?.has('ssm:SendCommand'));
      assert.ok(roles.get('HostRole')?.has('s3:PutObject'));
      assert.ok(!roles.get('HostRole')?.has('ssm:SendCommand'));
      assert.deepEqual([...(roles.get('LifetimeMachineRole') ?? [])].sort(), [
        'ec2:DescribeInstances',
        'ec2:TerminateInstances',
      ]);
    });

    test('the results bucket takes TLS only', async () => {
      const [bucket] = (await inventory(clients))['buckets']?.filter((name) => name.startsWith('c1mlab-results')) ?? [];
      const { Policy = '' } = await clients.s3.send(new GetBucketPolicyCommand({ Bucket: bucket }));
      assert.match(Policy, /"aws:SecureTransport": "false"\}\}, "Effect": "Deny"/);
    });

    test('c1m check names the zones that offer the types and what it could not ask', async () => {
      const { code, printed } = await c1m('check');
      assert.equal(code, exitCodes.ok, printed);
      assert.match(printed, /^ok +zone .*us-east-1a \(use1-az6\).*deploy with -c zone=us-east-1a/ms);
      assert.match(printed, /^not known +vCPU quota +the lab needs 32/m);
    });

    test('c1m leftovers says that the hosts cost money', async () => {
      const { code, printed } = await c1m('leftovers');
      assert.notEqual(code, exitCodes.ok);
      assert.match(printed, /3 of \d+ things left of C1mLab in us-east-1 cost money/);
    });

    test('c1m status sees the hosts and that nothing runs', async () => {
      const { code, printed } = await c1m('status');
      assert.equal(code, exitCodes.ok, printed);
      assert.match(printed, /^idle$/m);
    });

    test('c1m run gets as far as the emulator, and counts nothing as a run', async () => {
      const { code, printed } = await c1m(
        'run',
        '--servers',
        'go',
        '--connections',
        '1000',
        '--out',
        join(folder, 'results'),
      );
      assert.equal(code, exitCodes.environment, printed);
      assert.match(printed, endOfEmulator);
    });

    test('cdk deploy by hand, in the same zone, changes nothing', async () => {
      assert.match(await deploy(), /C1mLab \(no changes\)/);
    });

    test('a deploy of another preset replaces the hosts', async () => {
      const earlier = await hostsOfLab(clients);
      await deploy('-c', 'preset=modern');
      const hosts = await hostsOfLab(clients);
      assert.deepEqual([...hosts.keys()], [...earlier.keys()]);
      assert.deepEqual(
        [...hosts.values()].map(({ InstanceType }) => InstanceType),
        ['c8i.2xlarge', 'c8i.2xlarge', 'c8i.4xlarge'],
      );
      for (const [name, { InstanceId }] of hosts) assert.notEqual(InstanceId, earlier.get(name)?.InstanceId);
    });

    test('c1m empty empties the results bucket', async () => {
      const bucket = (await inventory(clients))['buckets']?.find((name) => name.startsWith('c1mlab-results'));
      await clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'runs/2026/server/host.json', Body: '{}' }));
      const { code, printed } = await c1m('empty', '--yes');
      assert.equal(code, exitCodes.ok, printed);
      assert.match(printed, /is empty: 1 file/);
    });

    test('c1m down empties the bucket again, destroys the lab, and finds nothing left', async () => {
      const bucket = (await inventory(clients))['buckets']?.find((name) => name.startsWith('c1mlab-results'));
      await clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'runs/2026/server/host.json', Body: '{}' }));
      const planned = await c1m('down');
      assert.equal(planned.code, exitCodes.ok, planned.printed);
      assert.match(
        planned.printed,
        /^ {2}delete the 1 file in c1mlab-results.*\n {2}destroy the stack C1mLab\nnothing is/m,
      );
      const { code, printed } = await c1m('down', '--yes');
      assert.equal(code, exitCodes.ok, printed);
      assert.match(printed, /^\$ cdk destroy C1mLab --force /m);
      assert.match(printed, /^nothing is left of C1mLab in us-east-1$/m);
      assert.deepEqual(await inventory(clients), untouched);
    });

    test('c1m down can be repeated', async () => {
      const { code, printed } = await c1m('down', '--yes');
      assert.equal(code, exitCodes.ok, printed);
    });
  },
);
