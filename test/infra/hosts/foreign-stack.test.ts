import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { InstanceProfile, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { hostsOf, type Host } from '../../../lib/config/hosts.ts';
import type { Lab } from '../../../lib/config/lab.ts';
import { labOf } from '../../../lib/config/presets.ts';
import { automationRole } from '../../../lib/infra/automation-role.ts';
import { LabFleet } from '../../../lib/infra/hosts/fleet.ts';
import { LabHost } from '../../../lib/infra/hosts/lab-host.ts';
import { LabNetwork } from '../../../lib/infra/hosts/network.ts';
import { HostReaper } from '../../../lib/infra/host-reaper.ts';
import { LabResults } from '../../../lib/infra/results.ts';
import { projectFolder } from '../synthesized/synthesize.ts';

const articleLab = labOf({}, 'test');
/** Fifteen addresses beside the primary one are one too many for a c3.2xlarge. */
const unfitLab = labOf({ load: { secondaryAddresses: 15 } }, 'test');

/** A stack of somebody who uses a part of the lab. */
function theirStack(): Stack {
  const app = new App({ analyticsReporting: false });
  Validations.of(app).acknowledge({ id: 'Annotation::c1mlab:zone', reason: 'Nothing here is deployed.' });
  return new Stack(app, 'Theirs');
}

function fleetIn(stack: Stack, lab: Lab, resultsUri = 's3://theirs/runs'): LabFleet {
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  const assets = new Asset(stack, 'Assets', { path: join(projectFolder, 'assets/user-data') });
  return new LabFleet(stack, 'Hosts', { lab, assets, role, resultsUri });
}

function hostIn(stack: Stack, lab: Lab, host: Host | undefined): LabHost {
  assert.ok(host !== undefined);
  const network = new LabNetwork(stack, 'Network', { lab });
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  const instanceProfile = new InstanceProfile(stack, 'Profile', { role });
  return new LabHost(stack, 'Host', { lab, host, network, instanceProfile, userData: '#!/bin/sh\n' });
}

describe('a part of the lab in a stack of somebody else', () => {
  test('has the tags by which documents, roles and the way out know its hosts', () => {
    const stack = theirStack();
    fleetIn(stack, articleLab);
    const instances = Object.values(Template.fromStack(stack).findResources('AWS::EC2::Instance'));
    const tags = instances.map(
      ({ Properties }: { readonly Properties?: { readonly Tags: readonly Record<string, string>[] } }) =>
        Object.fromEntries((Properties?.Tags ?? []).map(({ Key = '', Value }) => [Key, Value])),
    );
    assert.deepEqual(tags[0], {
      Name: 'C1mLab/server',
      'c1mlab:expiry': 'PT24H',
      'c1mlab:host': 'C1mLab/server',
      'c1mlab:lab': 'C1mLab',
      'c1mlab:owner': 'unknown',
      'c1mlab:role': 'server',
      'c1mlab:target': 'C1mLab/server',
    });
    assert.equal(tags.length, 3);
  });

  test('can be a network alone, and a host alone in it', () => {
    const stack = theirStack();
    hostIn(stack, articleLab, hostsOf(articleLab)[2]);
    Template.fromStack(stack).resourceCountIs('AWS::EC2::Instance', 1);
  });

  for (const [name, build, message] of [
    [
      'a fleet of hosts that their type does not take',
      (stack) => fleetIn(stack, unfitLab),
      /^LabError: Theirs\/Hosts: 'load\.secondaryAddresses' must be 0 to 14 on c3\.2xlarge, got 15; use fewer addresses/,
    ],
    [
      'a fleet that would upload to a folder',
      (stack) => fleetIn(stack, articleLab, '/tmp/results'),
      /^Error: Theirs\/Hosts: 'resultsUri' must be s3:\/\/bucket\/prefix, got \/tmp\/results/,
    ],
    [
      'a host that its type does not take',
      (stack) => hostIn(stack, unfitLab, hostsOf(unfitLab)[1]),
      /^LabError: Theirs\/Host: 'load\.secondaryAddresses' must be 0 to 14 on c3\.2xlarge, got 15; /,
    ],
    [
      'a host of another lab',
      (stack) => hostIn(stack, articleLab, hostsOf(labOf({ load: { hosts: 3 } }, 'test'))[3]),
      /^Error: Theirs\/Host: 'host' must be one of the 3 of hostsOf\(lab\), got load-3 with the address 10\.42\.17\.\d+/,
    ],
    [
      'a network outside 10.0.0.0/8',
      (stack) => {
        const network = { ...articleLab.network, prefix: '192.168' };
        return new LabNetwork(stack, 'Network', { lab: { ...articleLab, network } });
      },
      /^Error: Theirs\/Network: 'network\.prefix' must be the first two numbers of a 10\.0\.0\.0\/8 network, .* got 192\.168/,
    ],
    [
      'an existing VPC without its zone',
      (stack) => {
        const existing = { vpcId: 'vpc-0123456789abcdef0', managementSubnetId: 'subnet-0123456789abcdef0' };
        return new LabNetwork(stack, 'Network', { lab: labOf({ network: { existing } }, 'test') });
      },
      /^Error: Theirs\/Network: 'network\.availabilityZone' must be given .* zone of subnet-0123456789abcdef0/,
    ],
    [
      'a maximum that is no whole number of hours',
      (stack) => new HostReaper(stack, 'Lifetime', { labName: 'Mine', maximumHours: 0.5 }),
      /^LabError: Theirs\/Lifetime: 'maximumHours' must be a whole number from 1 to 168, got 0\.5/,
    ],
    [
      'a maximum for hosts of no lab',
      (stack) => new HostReaper(stack, 'Lifetime', { labName: 'all of them', maximumHours: 5 }),
      /^LabError: Theirs\/Lifetime: 'labName' must be 1 to 64 letters, digits and hyphens, .* got 'all of them'/,
    ],
    [
      'results that are kept for no day',
      (stack) => new LabResults(stack, 'Results', { keepDays: 0 }),
      /^LabError: Theirs\/Results: 'keepDays' must be a whole number from 1 to 3650, got 0/,
    ],
    [
      'a role for documents of any name',
      (stack) => automationRole(stack, 'Role', { labName: '*' }),
      /^LabError: Theirs\/Role: 'labName' must be 1 to 64 letters, digits and hyphens, a letter first, got '\*'/,
    ],
  ] satisfies readonly (readonly [string, (stack: Stack) => unknown, RegExp])[]) {
    test(`fails at once for ${name}, with the construct, the value and the fix`, () => {
      assert.throws(() => build(theirStack()), message);
    });
  }
});
