import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { articleLab } from '../../lib/config/lab.ts';
import { agentHost } from '../../lib/local/agent-host.ts';
import { makeTestHosts, namespacesForbidden, type TestHosts } from './hosts/test-hosts.ts';

describe('the agent of a local host', { skip: namespacesForbidden() }, () => {
  let hosts: TestHosts;
  before(async () => {
    hosts = await makeTestHosts(articleLab);
  });
  after(() => hosts.remove());

  // Between the question whether a host is there and the script for it, the host may end.
  test('refuses a script once its host has ended', { timeout: 20_000 }, async () => {
    const agent = agentHost(articleLab, hosts.host('load-1'));
    const { remove } = await agent.writeScript('early/_script.sh', 'true\n');
    await remove();
    await hosts.close();
    await assert.rejects(agent.writeScript('late/_script.sh', 'true\n'), { code: 'ENOENT' });
  });
});
