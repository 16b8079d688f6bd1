import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LabError } from '../../lib/config/lab-error.ts';
import { articleLab } from '../../lib/config/lab.ts';
import { labOf, presets } from '../../lib/config/presets.ts';

describe('a lab file', () => {
  test('that is empty is the article preset', () => {
    assert.deepEqual(labOf({}, 'lab.json'), articleLab);
    assert.deepEqual(labOf({ preset: 'article' }, 'lab.json'), articleLab);
  });

  test('changes only what it names of its preset', () => {
    const lab = labOf({ preset: 'modern', load: { hosts: 5 } }, 'lab.json');
    assert.equal(lab.server.instanceType, presets.modern.server.instanceType);
    assert.deepEqual(lab.load, { ...labOf({ preset: 'modern' }, '').load, hosts: 5 });
  });

  const all = 'name, owner, connections, server, load, network, hosts, lifetime, results, schedule, notify, budget';
  for (const [input, message] of [
    [{ load: { hosts: 99 } }, "lab.json: 'load.hosts' must be 1 to 50, got 99"],
    [{ load: { hosts: 1.5 } }, "lab.json: 'load.hosts' must be a whole number from 1 to 50, got 1.5"],
    [{ load: { hosts: '2' } }, `lab.json: 'load.hosts' must be 1 to 50, got "2"`],
    [{ load: 3 }, "lab.json: 'load' must be an object of settings, got 3"],
    [{ host: {} }, `lab.json: 'host' is not a setting of the lab, but ${all} are`],
    [{ preset: 'new' }, `lab.json: 'preset' must be one of article, modern, modern-graviton, got "new"`],
    [{ preset: 'toString' }, `lab.json: 'preset' must be one of article, modern, modern-graviton, got "toString"`],
    [{ name: 'a b; rm' }, `lab.json: 'name' must be letters, digits and hyphens, a letter first, got "a b; rm"`],
    [
      { server: { instanceType: 'big' } },
      `lab.json: 'server.instanceType' must be an EC2 instance type such as c8i.4xlarge, got "big"`,
    ],
    [
      { network: { prefix: '10.256' } },
      `lab.json: 'network.prefix' must be the first two numbers of a 10.0.0.0/8 network, such as 10.42, got "10.256"`,
    ],
    [{ hosts: { purchase: 'free' } }, `lab.json: 'hosts.purchase' must be ("on-demand" | "spot"), got "free"`],
    [[], 'lab.json: must be an object of settings, got []'],
    [
      { load: { count: 1 } },
      "lab.json: 'load.count' is not a setting of the lab, but load.instanceType, load.hosts, load.secondaryAddresses are",
    ],
    [JSON.parse('{"__proto__":{"hosts":1}}'), `lab.json: '__proto__' is not a setting of the lab, but ${all} are`],
    [
      { network: { existing: { vpcId: 'vpc-0123456789abcdef0' } } },
      "lab.json: 'network.existing.managementSubnetId' must be given",
    ],
  ] as const) {
    test(`fails for ${JSON.stringify(input)} with the setting and the value`, () => {
      assert.throws(
        () => labOf(input, 'lab.json'),
        (error: unknown) => error instanceof LabError && error.code === 'usage' && error.message === message,
      );
    });
  }

  test('fails with everything that is wrong with it, not only the first', () => {
    assert.throws(() => labOf({ load: { hosts: 0 }, connections: -1 }, 'lab.json'), /'connections' .*; 'load.hosts' /);
  });
});
