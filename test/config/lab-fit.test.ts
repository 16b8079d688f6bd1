import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instanceTypeFacts } from '../../lib/config/instance-types.ts';
import { fitOf, portsPerAddress } from '../../lib/config/lab-fit.ts';
import { labOf, presets } from '../../lib/config/presets.ts';

describe('the fit of a lab', () => {
  test('is good for every preset', () => {
    for (const preset of Object.keys(presets)) {
      assert.deepEqual(fitOf(labOf({ preset }, 'test')), { errors: [], warnings: [] }, preset);
    }
  });

  test('counts no port that is kept for servers', () => {
    assert.equal(portsPerAddress, 64_256);
  });

  for (const [name, input, pattern] of [
    [
      'more addresses than an interface takes',
      { load: { secondaryAddresses: 15 } },
      /'load.secondaryAddresses' must be 0 to 14 on c3.2xlarge, got 15; /,
    ],
    [
      'a type with one address too few for a second interface',
      { preset: 'modern', load: { instanceType: 'c8g.medium', secondaryAddresses: 4 } },
      /must be 0 to 3 on c8g.medium, got 4/,
    ],
    [
      'more connections than ports',
      { load: { hosts: 1 } },
      /'connections' must be at most 642560 \(1 hosts x 10 addresses x 64256 ports\), got 1200000; set load.hosts to 2 /,
    ],
    [
      'a server too small for the kernel alone',
      { server: { instanceType: 'c8g.medium' } },
      /'server.instanceType' must have more than 3.8 GiB .* 1200000 connections alone, c8g.medium has 2/,
    ],
    [
      'load hosts too small',
      { preset: 'modern', load: { instanceType: 'c8i.large', hosts: 1, secondaryAddresses: 19 } },
      /'load.instanceType' must have more than 4.7 GiB for 1200000 connections a host, c8i.large has 4/,
    ],
    [
      'an existing VPC without its zone',
      { network: { existing: { vpcId: 'vpc-01234567', managementSubnetId: 'subnet-01234567' } } },
      /'network.availabilityZone' must be given with 'network.existing'/,
    ],
    [
      'a maximum below the lifetime',
      { lifetime: { hours: 8, maximumHours: 6 } },
      /'lifetime.maximumHours' must be at least lifetime.hours \(8\), got 6/,
    ],
  ] as const) {
    test(`fails for ${name}, with the value and the fix`, () => {
      assert.match(fitOf(labOf(input, 'test')).errors.join('\n'), pattern);
    });
  }

  test('only warns of a type whose limits are not known here', () => {
    const fit = fitOf(labOf({ load: { instanceType: 'z9x.2xlarge' } }, 'test'));
    assert.deepEqual(fit.errors, []);
    assert.match(fit.warnings.join(), /'load.instanceType': the limits of z9x.2xlarge are not known here/);
  });
});

describe('the facts of an instance type', () => {
  test("are the article's hosts as EC2 documents them", () => {
    assert.deepEqual(instanceTypeFacts('c3.4xlarge'), {
      vcpus: 16,
      memoryGiB: 30,
      interfaces: 8,
      addressesPerInterface: 30,
      hypervisor: 'xen',
    });
    assert.deepEqual(instanceTypeFacts('c3.2xlarge'), {
      vcpus: 8,
      memoryGiB: 15,
      interfaces: 4,
      addressesPerInterface: 15,
      hypervisor: 'xen',
    });
  });

  test('are unknown for what is not in the table', () => {
    for (const type of ['c3.metal', 'toString', 'c8i', '', 'c8i.toString'])
      assert.equal(instanceTypeFacts(type), undefined);
  });
});
