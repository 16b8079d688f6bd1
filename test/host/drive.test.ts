import assert from 'node:assert/strict';
import { appendFileSync, utimesSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { articleLab } from '../../lib/config/lab.ts';
import { makeTestHosts, namespacesForbidden, runOn, type TestHosts } from '../local/hosts/test-hosts.ts';

describe('Drive on a host that ends itself', { skip: namespacesForbidden() }, () => {
  let hosts: TestHosts;
  before(async () => {
    hosts = await makeTestHosts(articleLab);
    appendFileSync(hosts.host('load-1').path('/opt/c1mlab/backend.env'), 'C1M_LIFETIME_MINUTES="60"\n');
    const measurement = hosts.host('load-1').path('/opt/c1mlab/run/measurement');
    writeFileSync(measurement, 'm-1\n');
    const prepared = Date.now() / 1000 - 10.5 * 60;
    utimesSync(measurement, prepared, prepared);
  });
  after(() => hosts.remove());

  const env = { SSM_Workload: 'broadcast times=98 every=30.5s', SSM_Part: 'first' };

  test('fails for a workload that is longer than its time-out, and says which would do', async () => {
    const { code, stderr } = await runOn(hosts.host('load-1'), 'exec /opt/c1mlab/assets/host/drive 3000', { env });
    assert.equal(code, 4);
    assert.match(
      stderr,
      /^load-1: the workload takes up to 3080 seconds, and Drive may take 3000; .* DriveTimeoutSeconds of 3680\n$/,
    );
  });

  test('fails for a workload that is longer than what is left of its life, and says by how much', async () => {
    const { code, stderr } = await runOn(hosts.host('load-1'), 'exec /opt/c1mlab/assets/host/drive 9000', { env });
    assert.equal(code, 4);
    assert.match(
      stderr,
      /^load-1: the workload takes up to 52 minutes, and this host ends in 49; .*raise lifetime\.hours/,
    );
  });
});
