import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  DescribeAddressesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeNatGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeVpcEndpointsCommand,
} from '@aws-sdk/client-ec2';
import { actionsOfRoles, clientsOf, hostsOfLab, interfacesOf, inventory, type Clients } from './deployed-lab.ts';
import { emulatorPython, region, runCdk, startEmulator, type Emulator } from './emulator.ts';

const python = emulatorPython();

/** What only some labs have, by kind: ids and names. */
async function optionsInventory(clients: Clients, emulator: Emulator): Promise<Record<string, readonly string[]>> {
  const { ec2 } = clients;
  const [gateways, addresses, endpoints, templates] = await Promise.all([
    ec2.send(new DescribeNatGatewaysCommand({})),
    ec2.send(new DescribeAddressesCommand({})),
    ec2.send(new DescribeVpcEndpointsCommand({})),
    ec2.send(new DescribeLaunchTemplatesCommand({})),
  ]);
  const named = (list: readonly (string | undefined)[] = []) => list.map((name) => name ?? '').sort();
  const ask = (service: string, request: Parameters<typeof answerOf>[2]) => answerOf(emulator, service, request);
  const [topics, rules, schedules, budgets] = await Promise.all([
    ask('sns', { body: 'Action=ListSubscriptions&Version=2010-03-31' }),
    ask('events', { target: 'AWSEvents.ListRules', body: '{}' }),
    ask('scheduler', { path: '/schedules' }),
    ask('budgets', { target: 'AWSBudgetServiceGateway.DescribeBudgets', body: `{"AccountId":"${account}"}` }),
  ]);
  const every = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = '']) => found).sort();
  return {
    natGateways: named(gateways.NatGateways?.map(({ NatGatewayId }) => NatGatewayId)),
    addresses: named(addresses.Addresses?.map(({ AllocationId }) => AllocationId)),
    endpoints: named(endpoints.VpcEndpoints?.map(({ ServiceName }) => ServiceName)),
    launchTemplates: named(templates.LaunchTemplates?.map(({ LaunchTemplateId }) => LaunchTemplateId)),
    subscriptions: every(topics, /<Endpoint>(.*?)<\/Endpoint>/g),
    rules: every(rules, /"EventPattern": ?"((?:[^"\\]|\\.)*)"/g),
    schedules: every(schedules, /"Name": ?"([^"]*)"/g),
    budgets: every(budgets, /"TagKeyValue": ?\["([^"]*)"\]/g),
  };
}

/** The only account of the emulator. */
const account = '123456789012';

/** What a service of the emulator answers that the project has no client of. */
async function answerOf(
  { endpoint }: Emulator,
  service: string,
  request: { readonly path?: string; readonly target?: string; readonly body?: string },
): Promise<string> {
  const { path = '/', target, body } = request;
  const answer = await fetch(`${endpoint}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      // By the scope of a signature the emulator knows which service is meant.
      authorization: `AWS4-HMAC-SHA256 Credential=testing/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
      ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(target === undefined ? {} : { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }),
    },
    ...(body === undefined ? {} : { body }),
  });
  assert.ok(answer.ok, `${service}: HTTP ${answer.status}`);
  return answer.text();
}

describe(
  'a lab with every option in an account (an emulator)',
  'missing' in python ? { skip: python.missing } : {},
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'c1mlab-options-'));
    const file = join(folder, 'lab.json');
    let emulator: Emulator;
    let clients: Clients;
    let untouched: Awaited<ReturnType<typeof inventory>>;

    before(async () => {
      assert.ok('program' in python);
      emulator = await startEmulator(python.program, join(folder, 'emulator.log'));
      clients = clientsOf(emulator.endpoint);
      await cdk('bootstrap', `aws://${account}/${region}`);
      untouched = await everything();
    });
    after(async () => {
      await emulator.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    async function everything(): Promise<Readonly<Record<string, readonly string[]>>> {
      return { ...(await inventory(clients)), ...(await optionsInventory(clients, emulator)) };
    }
    const cdk = (...words: readonly string[]) => runCdk(emulator.endpoint, folder, ...words);
    function deploy(lab: object): Promise<string> {
      writeFileSync(file, JSON.stringify({ name: 'Options', ...lab }));
      return cdk('deploy', 'Options', '-c', `lab=${file}`, '--method', 'direct', '--require-approval', 'never');
    }

    const everyOption = {
      network: { egress: 'nat', availabilityZone: 'us-east-1a' },
      results: { keep: true },
      schedule: { expression: 'rate(2 hours)', workload: 'quick' },
      notify: 'someone@example.org',
      budget: { monthlyUsd: 50 },
    };

    test('is deployed with a NAT gateway, and its hosts have no way but that', async () => {
      await deploy(everyOption);
      const instances = [...(await hostsOfLab(clients)).values()];
      assert.equal(instances.length, 3);
      const { NatGateways = [] } = await clients.ec2.send(new DescribeNatGatewaysCommand({}));
      assert.equal(NatGateways.length, 1);
      // The emulator does not say which subnet has which of them.
      const { RouteTables = [] } = await clients.ec2.send(new DescribeRouteTablesCommand({}));
      const out = RouteTables.flatMap(({ Routes = [] }) => Routes).filter(
        ({ DestinationCidrBlock }) => DestinationCidrBlock === '0.0.0.0/0',
      );
      assert.deepEqual(
        out.flatMap(({ NatGatewayId }) => NatGatewayId ?? []),
        [NatGateways[0]?.NatGatewayId],
      );
      for (const instance of instances)
        assert.deepEqual(new Set((await interfacesOf(clients, instance)).keys()), new Set([0, 1]));
    });

    test('has its schedule, its notices and its budget', async () => {
      const there = await optionsInventory(clients, emulator);
      assert.equal(there['schedules']?.length, 2);
      assert.deepEqual(there['subscriptions'], ['someone@example.org']);
      assert.equal(there['rules']?.filter((pattern) => pattern.includes('Options-Benchmark')).length, 1);
      const [host] = (await hostsOfLab(clients)).values();
      assert.equal(there['rules']?.filter((pattern) => pattern.includes(host?.InstanceId ?? 'none')).length, 1);
      assert.deepEqual(there['budgets'], ['user:c1mlab:lab$Options']);
    });

    test('lets the scheduler start one document and pass one role, and nothing else', async () => {
      const roles = await actionsOfRoles(clients, 'Options');
      assert.deepEqual([...(roles.get('ScheduleRole') ?? [])].sort(), ['iam:PassRole', 'ssm:StartAutomationExecution']);
    });

    test('keeps its hosts at a second deploy that takes every option away', async () => {
      const earlier = await hostsOfLab(clients);
      await deploy({ network: everyOption.network, results: { keep: true } });
      const hosts = await hostsOfLab(clients);
      assert.deepEqual(
        [...hosts.values()].map(({ InstanceId }) => InstanceId),
        [...earlier.values()].map(({ InstanceId }) => InstanceId),
      );
      const there = await optionsInventory(clients, emulator);
      assert.equal(there['schedules']?.length, 1);
      assert.deepEqual([there['rules'], there['budgets'], there['subscriptions']], [[], [], []]);
    });

    test('changes to endpoints with a new fleet, and leaves no NAT gateway', async () => {
      await deploy({
        network: { egress: 'endpoints', availabilityZone: 'us-east-1a' },
        hosts: { image: 'ami-0123456789abcdef0' },
        results: { keep: true },
      });
      const there = await optionsInventory(clients, emulator);
      assert.deepEqual(there['natGateways'], []);
      assert.deepEqual(there['addresses'], []);
      assert.deepEqual(
        there['endpoints'],
        ['s3', 'ssm', 'ssmmessages'].map((name) => `com.amazonaws.${region}.${name}`),
      );
      const images = [...(await hostsOfLab(clients)).values()].map(({ ImageId }) => ImageId);
      assert.deepEqual([...new Set(images)], ['ami-0123456789abcdef0']);
    });

    test('leaves nothing when it is destroyed but the results that it was to keep', async () => {
      await cdk('destroy', 'Options', '-c', `lab=${file}`, '--force');
      const { buckets = [], ...rest } = await everything();
      const { buckets: others = [], ...restBefore } = untouched;
      assert.deepEqual(rest, restBefore);
      const kept = buckets.filter((name) => !others.includes(name));
      assert.equal(kept.length, 1);
      assert.match(kept[0] ?? '', /^options-results/);
    });
  },
);
