import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { articleLab } from '../../../lib/config/lab.ts';
import type { LocalHost } from '../../../lib/local/hosts/local-host.ts';
import { makeTestHosts, namespacesForbidden, runOn, type TestHosts } from './test-hosts.ts';
import { until } from '../../until.ts';

const parameters = { SSM_Run: 'a-run' };

describe('the Status command of a host', { skip: namespacesForbidden() }, () => {
  let hosts: TestHosts;
  let host: LocalHost;
  before(async () => {
    hosts = await makeTestHosts(articleLab);
    host = hosts.host('load-1');
  });
  after(async () => hosts.remove());

  async function statusNow(): Promise<Record<string, unknown>> {
    const { code, stdout, stderr } = await runOn(host, '/opt/c1mlab/assets/host/status', { env: parameters });
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  }
  const isStopped = async (): Promise<unknown> => (await statusNow())['stopped'];

  test('says that Drive has failed, when the load generator has had its say', async () => {
    const folder = host.path('/opt/c1mlab/runs/a-run');
    mkdirSync(folder, { recursive: true });
    const load = join(folder, 'loadgen-status.json');
    writeFileSync(load, '{}');
    const env = { ...parameters, SSM_Workload: 'echo rate=1/s for=9s', SSM_Part: 'first' };
    const { code } = await runOn(host, 'exec /opt/c1mlab/assets/host/drive 1', { env });
    assert.equal(code, 4);
    assert.equal((await statusNow())['driveFailed'], null);
    writeFileSync(load, '{}');
    assert.equal((await statusNow())['driveFailed'], 4);
  });

  test('says whether a command of the lab is stopped, and minds nobody else', async () => {
    const command = host.spawn(['sleep', '1000'], { env: parameters });
    const other = host.spawn(['sleep', '1000']);
    const areThere = async (): Promise<boolean> => (await runOn(host, 'pgrep -c -x sleep')).stdout === '2\n';
    await until('both are there', areThere);
    other.kill('SIGSTOP');
    assert.equal(await isStopped(), false);
    command.kill('SIGSTOP');
    await until('it is seen', async () => (await isStopped()) === true);
  });
});
