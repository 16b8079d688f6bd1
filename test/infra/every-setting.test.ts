import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { labSchema } from '../../lib/config/lab.ts';
import { synthesize } from './synthesized/synthesize.ts';
import type { Json } from './synthesized/template-resources.ts';

type Input = Readonly<Record<string, unknown>>;

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, Json>>;
}

/** Another value of a setting, and whether it makes hosts that are not the ones before. */
type Case = readonly [value: unknown, fleet: 'new' | 'same'];

/** Every setting of a lab file, by its path: a setting without a case fails the test. */
const cases: Readonly<Record<string, Case>> = {
  name: ['Other', 'new'],
  owner: ['someone', 'new'],
  connections: [1000, 'same'],
  'server.instanceType': ['c8i.8xlarge', 'new'],
  'load.instanceType': ['c8i.4xlarge', 'new'],
  'load.hosts': [4, 'new'],
  'load.secondaryAddresses': [13, 'new'],
  'network.prefix': ['10.43', 'new'],
  'network.port': [9000, 'new'],
  'network.availabilityZone': ['us-east-1c', 'new'],
  'network.clusterPlacement': [false, 'new'],
  'network.egress': ['nat', 'new'],
  'network.existing.vpcId': ['vpc-11111111', 'new'],
  'network.existing.managementSubnetId': ['subnet-11111111', 'new'],
  'network.existing.routeTableId': ['rtb-11111111', 'new'],
  'hosts.kernel': ['6.12', 'new'],
  'hosts.image': ['ami-11111111', 'new'],
  'hosts.diskGiB': [31, 'new'],
  'hosts.generation': [2, 'new'],
  'hosts.purchase': ['spot', 'new'],
  'lifetime.hours': [5, 'new'],
  'lifetime.maximumHours': [30, 'new'],
  'results.keepDays': [31, 'same'],
  'results.keep': [true, 'same'],
  'schedule.expression': ['rate(2 hours)', 'same'],
  'schedule.timezone': ['Europe/Berlin', 'same'],
  'schedule.server': ['node', 'same'],
  'schedule.workload': ['quick', 'same'],
  'schedule.parameters': [{ Connections: '1000' }, 'same'],
  notify: ['someone@example.org', 'same'],
  'budget.monthlyUsd': [51, 'same'],
};

const everyOption = {
  schedule: { expression: 'rate(1 hours)' },
  notify: 'arn:aws:sns:us-east-1:123456789012:lab',
  budget: { monthlyUsd: 50 },
};

/** Labs in which settings are changed: what one of them leaves as it is may matter in another. */
const labs: Readonly<Record<string, Input>> = {
  'the article': everyOption,
  'spot hosts': {
    ...everyOption,
    preset: 'modern',
    hosts: { purchase: 'spot' },
    network: { availabilityZone: 'us-east-1b', clusterPlacement: true },
  },
  'an existing VPC': {
    ...everyOption,
    network: {
      egress: 'endpoints',
      availabilityZone: 'us-east-1a',
      existing: {
        vpcId: 'vpc-00000000',
        managementSubnetId: 'subnet-00000000',
        routeTableId: 'rtb-00000000',
      },
    },
  },
};

/** What CloudFormation changes in place of a resource that hosts refer to (its resource type schemas, `createOnlyProperties`). */
const changedInPlace: Readonly<Record<string, readonly string[]>> = { 'AWS::S3::Bucket': ['LifecycleConfiguration'] };

/** The paths of the settings of a schema. */
function settingsOf(schema: unknown, path: readonly string[] = []): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [path.join('.')];
  if ('wrapped' in schema) return settingsOf(schema.wrapped, path);
  if (!('entries' in schema) || typeof schema.entries !== 'object' || schema.entries === null) return [path.join('.')];
  return Object.entries(schema.entries).flatMap(([name, entry]) => settingsOf(entry, [...path, name]));
}

function isObject(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withSetting(lab: Input, [name = '', ...rest]: readonly string[], value: unknown): Input {
  const within = lab[name];
  return { ...lab, [name]: rest.length === 0 ? value : withSetting(isObject(within) ? within : {}, rest, value) };
}

function settingIn(lab: Input, path: readonly string[]): unknown {
  return path.reduce<unknown>((within, name) => (isObject(within) ? within[name] : undefined), lab);
}

function resourcesOf(input: Input): Readonly<Record<string, Resource>> {
  return synthesize(input).template.toJSON()['Resources'];
}

/** Ids of the resources that a value refers to. */
function referencesIn(value: Json | undefined): readonly string[] {
  if (typeof value !== 'object') return [];
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  return Object.entries(value).flatMap(([key, within]: readonly [string, Json]) => {
    if (key === 'Ref' && typeof within === 'string') return [within];
    if (key === 'Fn::GetAtt' && Array.isArray(within)) return [String(within[0])];
    return referencesIn(within);
  });
}

const isFleet = (id: string): boolean => /^Fleet[0-9a-f]{8}/.test(id);

/** What a deploy replaces of the hosts that are there, of their network, or of what these refer to; empty: they stay. */
function replacedWithinFleet(before: Readonly<Record<string, Resource>>, after: typeof before): readonly string[] {
  const fleet = Object.keys(before).filter(isFleet);
  const referred = fleet.flatMap((id) => referencesIn(before[id]?.Properties)).filter((id) => id in before);
  return [...new Set([...fleet, ...referred])].filter((id) => {
    const [one, other] = [before[id], after[id]];
    if (one === undefined || other?.Type !== one.Type) return true;
    const inPlace = changedInPlace[one.Type] ?? [];
    const fixed = ({ Properties = {} }: Resource) =>
      JSON.stringify(Object.entries(Properties).filter(([name]) => !inPlace.includes(name)));
    return fixed(one) !== fixed(other);
  });
}

describe('a change of one setting of the lab file', () => {
  test('is tried for every setting that there is', () => {
    assert.deepEqual(Object.keys(cases).sort(), [...settingsOf(labSchema)].sort());
  });

  for (const [setting, [value, fleet]] of Object.entries(cases)) {
    const path = setting.split('.');
    for (const [name, lab] of Object.entries(labs)) {
      if (setting.startsWith('network.existing') && settingIn(lab, ['network', 'existing']) === undefined) continue;
      if (settingIn(lab, path) === value) continue;
      test(`${setting}, in ${name}, ${fleet === 'new' ? 'makes a whole new fleet' : 'leaves the hosts alone'}`, () => {
        const [before, after] = [resourcesOf(lab), resourcesOf(withSetting(lab, path, value))];
        const kept = Object.keys(after).filter((id) => isFleet(id) && id in before);
        if (fleet === 'new') assert.deepEqual(kept, []);
        else assert.deepEqual(replacedWithinFleet(before, after), []);
        assert.notDeepEqual(after, before);
      });
    }
  }

  test('would be found out if it replaced hosts in place', () => {
    const before = resourcesOf(labs['the article'] ?? {});
    const [group = ''] = Object.keys(before).filter((id) => before[id]?.Type === 'AWS::EC2::PlacementGroup');
    const after = { ...before, [group]: { Type: 'AWS::EC2::PlacementGroup', Properties: { Tags: [] } } };
    assert.deepEqual(replacedWithinFleet(before, after), [group]);
  });
});
