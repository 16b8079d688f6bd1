import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { listServers } from '../../lib/config/servers.ts';
import { fitOf, portsPerAddress } from '../../lib/config/lab-fit.ts';
import { presets, type PresetName } from '../../lib/config/presets.ts';
import { planScale } from '../../lib/scale/plan-scale.ts';
import { fakeAws } from '../aws/fake-aws.ts';
import { runC1m } from '../aws/run-c1m.ts';

const servers = listServers(join(import.meta.dirname, '../../assets/servers')).map(({ description }) => description);
const netty = servers.find(({ name }) => name === 'netty') ?? assert.fail('there is no netty');

describe('a plan', () => {
  for (const preset of Object.keys(presets).filter((name): name is PresetName => Object.hasOwn(presets, name))) {
    for (const server of servers) {
      test(`for ${server.name} on ${preset} holds what was asked for, in labs that a deploy would take`, () => {
        for (const connections of [1, 1_200_000, 1_200_001, 10_000_000, 100_000_000]) {
          for (const plan of planScale({ connections, preset, server })) {
            assert.ok(plan.labs * plan.connections >= connections);
            assert.deepEqual(fitOf(plan.lab).errors, []);
            assert.ok(plan.serverMemory.needed <= plan.serverMemory.plannable, `${plan.title}, ${connections}`);
            assert.ok(plan.loadMemory.needed <= plan.loadMemory.plannable);
            assert.ok(plan.connectionsPerLoadHost <= plan.addressesPerLoadHost * portsPerAddress);
          }
        }
      });
    }
  }

  test('for what the preset is made for is the preset', () => {
    const plans = planScale({ connections: 1_200_000, preset: 'article', server: netty });
    assert.deepEqual(
      plans.map(({ labs, vcpus, lab }) => [labs, vcpus, lab.server.instanceType]),
      [[1, 32, 'c3.4xlarge']],
    );
  });

  test('for more offers larger hosts, where there are such hosts, and more labs', () => {
    const ten = planScale({ connections: 10_000_000, preset: 'modern', server: netty });
    assert.deepEqual(
      ten.map(({ labs }) => labs),
      [1, 9],
    );
    // 10 M x 7 200 bytes and six processes: 67.4 GiB, more than 90 % of 64.
    assert.equal(ten[0]?.lab.server.instanceType, 'r8i.4xlarge');
    // No host of the article's generation has 700 GB.
    const hundred = planScale({ connections: 100_000_000, preset: 'article', server: netty });
    assert.deepEqual(
      hundred.map(({ labs }) => labs),
      [84],
    );
  });

  test('keeps what a lab file says of its hosts, and names the lab file to write', () => {
    const settings = { load: { instanceType: 'c8g.4xlarge', hosts: 3 }, hosts: { purchase: 'spot' } } as const;
    const plans = planScale({ connections: 3_000_000, preset: 'modern-graviton', settings, server: netty });
    for (const { lab, labFile } of plans) {
      assert.equal(lab.hosts.purchase, 'spot');
      assert.equal(labFile.preset, 'modern-graviton');
    }
    const own = plans.find(({ labs }) => labs > 1);
    assert.deepEqual([own?.labs, own?.lab.load.hosts, own?.lab.load.instanceType], [3, 3, 'c8g.4xlarge']);
    assert.equal(own?.title, "3 labs of the lab file's own hosts, side by side");
  });

  test('from a lab file is for what that lab is made for, unless it is asked for more', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'c1mlab-plan-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const lab = join(folder, 'lab.json');
    writeFileSync(lab, '{ "preset": "modern", "connections": 300000, "hosts": { "purchase": "spot" } }');
    const planned = await runC1m(['plan', '--lab', lab], fakeAws({}));
    assert.match(planned.stdout, /^300000 connections to netty, hosts of .*lab\.json:$/m);
    assert.match(planned.stdout, /^the lab file as it is$/m);
    assert.match(planned.stdout, /^ {2}quotas +32 vCPUs \(L-34B43A08/m);
    writeFileSync(lab, '{ "server": { "instanceType": "x99.huge" } }');
    const unknown = await runC1m(['plan', '--lab', lab, '--connections', '10M'], fakeAws({}));
    assert.match(unknown.stderr, /^error: the limits of x99\.huge are unknown here.*\n {2}fix: name a type/);
    assert.equal(unknown.exitCode, 2);
  });

  test('is printed with every figure, its basis and its source', async () => {
    const aws = fakeAws({});
    const { exitCode, stdout } = await runC1m(['plan', '--connections', '10M', '--preset', 'modern'], aws);
    assert.match(stdout, /^ {2}quotas +64 vCPUs \(L-1216C47A/m);
    assert.match(stdout, /^measured +kernel memory of one end of a connection +3100 B /m);
    assert.match(stdout, /^assumed +messages a second from one server host +1000000 /m);
    assert.match(stdout, /^ {2}price +\$3\.44 an hour/m);
    assert.deepEqual(aws.calls, []);
    assert.equal(exitCode, 0);
  });

  test('stands in docs/scale.md as it is printed', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/scale.md'), 'utf8');
    for (const words of [['1.2M'], ['10M', '--preset', 'modern'], ['100M', '--preset', 'modern']]) {
      const { stdout } = await runC1m(['plan', '--connections', ...words], fakeAws({}));
      for (const line of stdout.split('\n')) assert.ok(page.includes(line), `docs/scale.md lacks: ${line}`);
    }
  });

  test('fails for a server that is not there', async () => {
    const { exitCode, stderr } = await runC1m(['plan', '--connections', '1M', '--server', 'none'], fakeAws({}));
    assert.match(stderr, /^error: there is no server 'none'\n {2}fix: choose from [a-z-]+, /);
    assert.equal(exitCode, 2);
  });
});
