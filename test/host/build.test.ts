import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { articleLab } from '../../lib/config/lab.ts';
import { makeTestHosts, namespacesForbidden, runOn, type TestHosts } from '../local/hosts/test-hosts.ts';

describe('Build on a host whose packages come from dnf', { skip: namespacesForbidden() }, () => {
  let hosts: TestHosts;
  before(async () => {
    hosts = await makeTestHosts(articleLab);
    const server = hosts.host('server');
    writeFileSync(
      server.path('/opt/c1mlab/backend.env'),
      'C1M_RESULTS="file:///opt/c1mlab/results"\nC1M_PACKAGES="dnf"\n',
    );
    const programs = { dnf: 'echo "No match for argument: $4" >&2; exit 1', mvn: 'echo Apache Maven 3.0.1' };
    for (const [name, text] of Object.entries(programs)) {
      writeFileSync(server.path(`/opt/c1mlab/bin/${name}`), `#!/bin/sh\n${text}\n`);
      chmodSync(server.path(`/opt/c1mlab/bin/${name}`), 0o755);
    }
  });
  after(() => hosts.remove());

  test('skips a server whose toolchain dnf cannot install, and says both', async () => {
    const env = { SSM_Component: 'servers/netty' };
    const { code, stderr } = await runOn(hosts.host('server'), 'exec /opt/c1mlab/assets/host/build', { env });
    assert.equal(code, 3, stderr);
    assert.match(stderr, /^No match for argument: java-25-\S+\ndnf has not installed java-25-\S+ maven\n/);
    assert.match(stderr, /^SKIPPED netty: mvn 3\.0\.1 is too old \(needs 3\.8 or newer\)$/m);
  });
});
