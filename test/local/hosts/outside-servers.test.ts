import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { articleLab } from '../../../lib/config/lab.ts';
import { createLocalHosts } from '../../../lib/local/hosts/create-local-hosts.ts';
import { assetsFolder, namespacesForbidden, runOn } from './test-hosts.ts';

describe('a server folder outside the assets', { skip: namespacesForbidden() }, () => {
  test('is shown among the others, read-only, with a build folder of its own', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'c1mlab outside-'));
    const server = path.join(folder, 'my echo');
    const buildFolder = path.join(folder, 'build');
    await mkdir(server);
    await writeFile(path.join(server, 'hello'), 'hello\n');
    const ours = await readdir(path.join(assetsFolder, 'servers'));
    const outsideServers = [{ name: 'echo', folder: server }];
    const local = await createLocalHosts(articleLab, {
      assetsFolder,
      nodeBinary: process.execPath,
      buildFolder,
      outsideServers,
    });
    try {
      const [host] = local.hosts;
      assert.ok(host !== undefined);
      const servers = '/opt/c1mlab/assets/servers';
      const seen = await runOn(host, `ls ${servers}; cat ${servers}/echo/hello; ls ${servers}/node/server.json`);
      assert.deepEqual(
        seen.stdout.trim().split('\n').sort(),
        [...ours, 'echo', 'hello', `${servers}/node/server.json`].sort(),
      );
      for (const file of ['echo/new', 'new', 'node/new', 'echo/hello', 'server.schema.json']) {
        const written = await runOn(host, `echo changed >>${servers}/${file}`);
        assert.match(written.stderr, /Read-only file system|Permission denied/, file);
      }
      assert.equal((await runOn(host, 'touch /opt/c1mlab/build/servers/echo/made')).code, 0);
      const [own = ''] = await readdir(path.join(buildFolder, 'outside'));
      assert.ok(existsSync(path.join(buildFolder, 'outside', own, 'made')));
      assert.ok(
        !existsSync(path.join(buildFolder, 'servers/echo/made')),
        'another folder of that name is built elsewhere',
      );
    } finally {
      await local.close();
      await rm(folder, { recursive: true, force: true });
    }
    assert.deepEqual(await readdir(path.join(assetsFolder, 'servers')), ours);
  });
});
